// How many calls may be in flight at once, of a method or to an upstream, for each key: the others wait their turn, for a
// bounded time and only where it can come in time, or are refused. A stream is in flight until its end.
// Source: protos/protogate/v1/options.proto (ConcurrencyLimit), which explains the options.
import type { Call, Handler, Interceptor, Reply } from "../../rpc/call.ts";
import { discardMessages } from "../../rpc/stream.ts";
import type { ConcurrencyLimit } from "../flow-policy.ts";
import { outcomeOf } from "./adaptive-limit.ts";
import { Place } from "./gate.ts";
import { type ConcurrencyEvent, type ConcurrencyRegistry, ConcurrencyScope } from "./scope.ts";
import { withEnd } from "./stream.ts";

export interface ConcurrencyOptions {
  readonly policy: ConcurrencyLimit;
  /** Text of what is limited, a method's path or an upstream's name; limits of one text share their places. */
  readonly scopeKey: string;
  /** Whose places a call takes, of `policy.key`. The same for all = one count. */
  readonly keyOf: (call: Call) => string;
  /** The gateway's, which outlives snapshots: `createBorrowedStates<ConcurrencyScope>()`. */
  readonly registry: ConcurrencyRegistry;
  /** Milliseconds of a monotonic clock, that of deadlines; default `performance.now()`. */
  readonly now?: () => number;
  /** Told of every call that did not get a place at once. Must not throw. Kept by the scope from its creation. */
  readonly report?: (event: ConcurrencyEvent) => void;
}

/**
 * Limits the calls in flight. An adaptive limit learns from unary calls how many of them the backend carries; it belongs
 * close to the backend, below whatever answers or refuses by itself.
 * @throws RpcError RESOURCE_EXHAUSTED with RetryInfo where there is no place, now or in time; DEADLINE_EXCEEDED where
 * the deadline passes in the queue
 */
export function createConcurrencyInterceptor(options: ConcurrencyOptions): Interceptor {
  const { policy, scopeKey, keyOf, registry, now = () => performance.now(), report } = options;
  const scope = registry.borrow(scopeKey, () => new ConcurrencyScope(scopeKey, report));
  return (next) => (call) => {
    const place = scope.gate(keyOf(call)).enter(call, policy, now);
    return place instanceof Place ? carry(next, call, place) : waitAndCarry(next, call, place);
  };
}

async function waitAndCarry(next: Handler, call: Call, promised: Promise<Place>): Promise<Reply> {
  let place: Place;
  try {
    place = await promised;
    // Between its turn and now the client may have gone.
    if (call.signal.aborted) {
      place.leave("other");
      throw call.signal.reason;
    }
  } catch (reason) {
    discardMessages(call);
    throw reason;
  }
  return carry(next, call, place);
}

function carry(next: Handler, call: Call, place: Place): Promise<Reply> {
  // The closures live as long as a stream, and the request's message should not.
  const { signal } = call;
  return invokeSafely(next, call).then(
    (reply) => {
      if (reply.kind === "stream") return withEnd(reply, signal, () => place.leave("other"));
      place.leave("answered");
      return reply;
    },
    (reason: unknown) => {
      place.leave(outcomeOf(reason));
      throw reason;
    },
  );
}

/** A handler that throws instead of rejecting must not keep its place for good. */
function invokeSafely(next: Handler, call: Call): Promise<Reply> {
  try {
    return next(call);
  } catch (reason) {
    return Promise.reject(reason);
  }
}
