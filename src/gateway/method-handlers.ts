// The composed handler of every method of a snapshot: interceptors around the upstreams that serve it.
import type { DescMethod } from "@bufbuild/protobuf";
import { composeHandler, type Handler, type Interceptor } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { MergedSchema } from "../schema/merge-schema.ts";
import { methodInfo } from "../transcode/method-info.ts";
import { type Choice, createBalancedHandler } from "../upstream/picker.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** What a method has around the choice among its upstreams, outermost first, and what there is to choose from. */
export interface MethodControl {
  readonly interceptors: readonly Interceptor[];
  readonly choices: readonly Choice[];
}

/** Composes once per method; looking a handler up is one map access. */
export function createMethodHandlers(
  schema: MergedSchema,
  upstreams: ReadonlyMap<string, Upstream>,
  controlOf: (method: DescMethod, serving: readonly Upstream[]) => MethodControl,
): (method: MethodInfo) => Handler {
  const handlers = new Map<string, Handler>();
  for (const { desc, upstreams: names } of schema.services) {
    const serving = names.map((name) => upstreams.get(name)).filter((upstream) => upstream !== undefined);
    if (serving.length === 0) continue;
    const balanced = createBalancedHandler(serving);
    for (const method of desc.methods) {
      const { interceptors, choices } = controlOf(method, serving);
      const innermost = choices === serving ? balanced : createBalancedHandler(choices);
      handlers.set(methodInfo(method).path, composeHandler(interceptors, innermost));
    }
  }
  return ({ path }) => handlers.get(path) ?? unserved;
}

const unserved: Handler = async ({ method }) => {
  throw new RpcError(
    Code.UNIMPLEMENTED,
    `no upstream serves ${method.service}: its descriptor is known, but no upstream lists it`,
  );
};
