// The circuit breakers of a gateway: they outlive snapshots, so that a new schema does not send a failing backend all
// its calls again. Source: design.md §2 "One immutable snapshot".
import { createBorrowedStates } from "../borrowed-states.ts";
import type { CircuitBreakerPolicy } from "../flow-policy.ts";
import { CircuitBreaker, type CircuitChange, type CircuitView } from "./state.ts";

export interface CircuitBreakers {
  /** The breaker of this key, which from now on has this policy. */
  borrow(key: string, policy: CircuitBreakerPolicy): CircuitBreaker;
  /** Forgets those whose key no snapshot uses; calls that have one keep it. */
  retain(keys: ReadonlySet<string>): void;
  /** For whoever picks among upstreams: whether a call would be let through now. Takes nothing. */
  admits(key: string): boolean;
  /** For the page of one method; undefined where nothing has this key. */
  view(key: string): CircuitView | undefined;
  readonly now: () => number;
}

export interface CircuitBreakersOptions {
  /** Milliseconds on a clock that does not step. Default: `performance.now`. */
  readonly now?: () => number;
  /** Told of each change of state, for the log and the metrics. */
  readonly report?: (key: string, change: CircuitChange) => void;
  /** Breakers kept; beyond it the one that was borrowed longest ago is forgotten. Default 20,000. */
  readonly maxCount?: number;
}

export function createCircuitBreakers(options: CircuitBreakersOptions = {}): CircuitBreakers {
  const { now = () => performance.now(), report, maxCount } = options;
  const breakers = createBorrowedStates<CircuitBreaker>(maxCount);
  return {
    now,
    borrow(key, policy) {
      const breaker = breakers.borrow(
        key,
        () => new CircuitBreaker(policy, now, (change) => report?.(key, change)),
      );
      breaker.adopt(policy);
      return breaker;
    },
    retain: (keys) => breakers.retain(keys),
    admits: (key) => (breakers.get(key)?.retryAfterMs() ?? 0) === 0,
    view: (key) => breakers.get(key)?.view(),
  };
}
