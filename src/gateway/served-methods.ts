// The methods of a snapshot by their paths, as the RPC protocols look them up: the backends' and the gateway's own.
// Source: design.md §3: the gateway's own services are ordinary handlers, so that every protocol can reach them.
import { createRegistry, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { type Codec, defaultJsonOptions } from "../codec/codec.ts";
import { createCodec } from "../codec/create-codec.ts";
import type { Handler, Interceptor } from "../rpc/call.ts";
import { composeHandler } from "../rpc/call.ts";
import type { MethodInfo } from "../rpc/method.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import type { MethodLookup, ServedMethod } from "../rpc/served-method.ts";
import type { OwnService } from "../service/own-service.ts";
import { methodInfo } from "../transcode/method-info.ts";

export interface ServedMethodsInput {
  /** Of the backends. */
  readonly services: readonly DescService[];
  readonly handlerOf: (method: MethodInfo) => Handler;
  /** Answered by the gateway itself, also where a backend has a service of that name. */
  readonly ownServices: readonly OwnService[];
  /** Stand around the handlers of the gateway's own services. */
  readonly interceptorsOf: (method: DescMethod) => readonly Interceptor[];
  /** Messages of JSON protocols. */
  readonly codec: Codec;
}

export function createMethodLookup(input: ServedMethodsInput): MethodLookup {
  const { services, handlerOf, ownServices, interceptorsOf, codec } = input;
  const methods = new Map<string, ServedMethod>();
  const add = (desc: DescMethod, info: MethodInfo, handler: Handler): void => {
    methods.set(info.path, { info, handler, json: jsonOf(desc, codec) });
  };
  for (const { methods: descs } of services) {
    for (const desc of descs) {
      const info = methodInfo(desc);
      add(desc, info, handlerOf(info));
    }
  }
  for (const service of ownServices) {
    for (const desc of service.desc.methods) {
      add(desc, methodInfo(desc), composeHandler(interceptorsOf(desc), service.handlerOf(desc)));
    }
  }
  return (path) => methods.get(path);
}

/**
 * The methods before there is a schema: health alone, which says that nothing is served.
 * @param refuse the error of any other path, made anew for each call
 */
export function createEarlyLookup(
  health: OwnService,
  interceptorsOf: ServedMethodsInput["interceptorsOf"],
  refuse: () => RpcError,
): MethodLookup {
  const lookup = createMethodLookup({
    services: [],
    handlerOf: () => () => Promise.reject(refuse()),
    ownServices: [health],
    interceptorsOf,
    codec: createCodec(createRegistry(), defaultJsonOptions),
  });
  return (path) => {
    const method = lookup(path);
    if (method === undefined) throw refuse();
    return method;
  };
}

/** Compiled when first used: most methods are never called in JSON. */
function jsonOf(desc: DescMethod, codec: Codec): ServedMethod["json"] {
  return {
    decodeRequest: (json) => codec.message(desc.input).decodeJson(json),
    encodeReply: (message) => codec.message(desc.output).encodeJsonBytes(message),
  };
}
