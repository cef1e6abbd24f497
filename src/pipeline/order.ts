// The order in which interceptors stand around a call, outermost first, and why each stands where it does.
// Source: design.md §3, which has the concurrency limit before auth: there it would take what rate limits refuse for
// drops of the backend, and an adaptive limit would shrink for everybody when one client is over its rate. The circuit
// breaker is no row: it stands before each upstream, below the choice among them.
import type { Interceptor } from "../rpc/call.ts";

export const interceptorOrder = [
  { name: "tracing", reason: "its span covers everything below, and everything below may add to it" },
  { name: "metrics", reason: "counts what clients get, refusals by the gateway included" },
  { name: "accessLog", reason: "writes the outcome that metrics counted, with the trace's id" },
  { name: "deadline", reason: "bounds all waiting below; what it ends was seen by the observers above" },
  { name: "requestBudget", reason: "memory is short before anything else is, and refusing costs nothing" },
  { name: "messageSize", reason: "a message that is too large waits for nothing" },
  { name: "auth", reason: "knows who calls before anything is counted against them" },
  { name: "rateLimit", reason: "counts per principal, and counts calls, not attempts of a retry" },
  {
    name: "concurrencyLimit",
    reason: "knows whom a place is for, and learns from the backend alone, not from refusals of ours above",
  },
  {
    name: "streamLimits",
    reason: "meters the messages of calls that were admitted, once whatever is retried",
  },
  { name: "cache", reason: "answers only who is allowed to ask, and spares the backend what is below" },
  {
    name: "retry",
    reason:
      "or hedge; innermost: repeats attempts, each of which chooses among the upstreams that take calls",
  },
] as const satisfies readonly { readonly name: string; readonly reason: string }[];

export type InterceptorName = (typeof interceptorOrder)[number]["name"];

/** The interceptors that a method uses, in their order; those it does not use are not in its chain. */
export function orderInterceptors(
  interceptors: { readonly [Name in InterceptorName]?: Interceptor | undefined },
): readonly Interceptor[] {
  return interceptorOrder.flatMap(({ name }) => interceptors[name] ?? []);
}
