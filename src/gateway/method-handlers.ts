// The composed handler of every method of a snapshot: interceptors around the upstreams that serve it.
import { createDeadlineInterceptor } from "../pipeline/deadline.ts";
import { orderInterceptors } from "../pipeline/order.ts";
import { composeHandler, type Handler, type Interceptor } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { MergedSchema } from "../schema/merge-schema.ts";
import { createBalancedHandler } from "../upstream/picker.ts";
import type { Upstream } from "../upstream/upstream.ts";

/**
 * What stands around every call, in its order.
 * @param maxTimeoutMs upper bound of every call's time; none by default
 * @param requestBudget the gateway's one budget, which outlives snapshots
 */
export function createInterceptors(
  maxTimeoutMs: number | undefined,
  requestBudget: Interceptor,
): readonly Interceptor[] {
  return orderInterceptors({
    requestBudget,
    deadline: createDeadlineInterceptor(maxTimeoutMs === undefined ? {} : { maxMs: maxTimeoutMs }),
  });
}

/** Composes once per service, since no policy differs per method yet; looking a handler up is one map access. */
export function createMethodHandlers(
  schema: MergedSchema,
  upstreams: ReadonlyMap<string, Upstream>,
  interceptors: readonly Interceptor[],
): (method: MethodInfo) => Handler {
  const handlers = new Map<string, Handler>();
  for (const { desc, upstreams: names } of schema.services) {
    const serving = names.map((name) => upstreams.get(name)).filter((upstream) => upstream !== undefined);
    if (serving.length > 0) {
      handlers.set(desc.typeName, composeHandler(interceptors, createBalancedHandler(serving)));
    }
  }
  return (method) => handlers.get(method.service) ?? unserved;
}

const unserved: Handler = async ({ method }) => {
  throw new RpcError(
    Code.UNIMPLEMENTED,
    `no upstream serves ${method.service}: its descriptor is known, but no upstream lists it`,
  );
};
