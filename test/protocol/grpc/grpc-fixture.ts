// The protocols of the gRPC family before a handler or a real gRPC backend, over the schema of the Connect tests.
import type { TestContext } from "node:test";
import { defaultJsonOptions } from "../../../src/codec/codec.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { createDeadlineInterceptor } from "../../../src/pipeline/deadline.ts";
import { composeHandler, type Handler } from "../../../src/rpc/call.ts";
import { silentLogger } from "../../../src/rpc/logger.ts";
import type { MethodLookup, ServedMethod } from "../../../src/rpc/served-method.ts";
import { methodInfo } from "../../../src/transcode/method-info.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import type { Protocol, RpcProtocolOptions } from "../../../src/wire/protocol.ts";
import { type BackendHandlers, startBackend } from "../../contract/transport-backend.ts";
import { openListener } from "../../server/open-listener.ts";
import { registry } from "../connect/connect-fixture.ts";

export const maxRequestBytes = 100_000;

export type CreateProtocol = (options: RpcProtocolOptions) => Protocol;
export type EdgeOptions = Partial<RpcProtocolOptions>;

const codec = createCodec(registry, { ...defaultJsonOptions, unknownFields: "ignore" });

/** Every method of `test.Transport`, over one handler. */
export function lookupOf(handler: Handler): MethodLookup {
  const methods = new Map<string, ServedMethod>();
  for (const desc of registry.getService("test.Transport")?.methods ?? []) {
    const info = methodInfo(desc);
    methods.set(info.path, {
      info,
      handler,
      json: {
        decodeRequest: (json) => codec.message(desc.input).decodeJson(json),
        encodeReply: (message) => codec.message(desc.output).encodeJsonBytes(message),
      },
    });
  }
  return (path) => methods.get(path);
}

export function createEdge(create: CreateProtocol, handler: Handler, options: EdgeOptions = {}): Protocol {
  return create({
    methodOf: lookupOf(handler),
    maxRequestBytes,
    minCompressedBytes: 100,
    logger: silentLogger,
    ...options,
  });
}

/** A listener with the protocol before a handler in this process; returns its port. */
export async function openEdge(
  context: TestContext,
  create: CreateProtocol,
  handler: Handler,
  options?: EdgeOptions,
): Promise<number> {
  const listener = await openListener(context, createEdge(create, handler, options).handle);
  return listener.port;
}

/** The same before a real gRPC server. */
export async function openGateway(
  context: TestContext,
  create: CreateProtocol,
  handlers: BackendHandlers,
  options?: EdgeOptions,
): Promise<number> {
  const backend = await startBackend(handlers);
  const transport = createGrpcJsTransport({ target: backend.target });
  context.after(async () => {
    await transport.close();
    await backend[Symbol.asyncDispose]();
  });
  const handler = composeHandler([createDeadlineInterceptor()], transport.invoke);
  return openEdge(context, create, handler, options);
}
