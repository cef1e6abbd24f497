// What a shared limit does while its store does not answer, as its policy says.
// Source: protos/protogate/v1/options.proto (RateLimit.on_store_failure).
import { type LimitRule, type LimitStore, StoreUnavailable, type Verdict } from "./limit-store.ts";

export interface FailoverStoreOptions {
  readonly shared: LimitStore;
  /** Counts here meanwhile. */
  readonly local: LimitStore;
  /** `local`: count here. `allow`: all of it is there. `deny`: `take` fails with `StoreUnavailable`, as `shared` does. */
  readonly onStoreFailure: "local" | "allow" | "deny";
  /** Told of each call that `shared` has not decided; for metrics. */
  readonly onFailure?: (failure: StoreUnavailable) => void;
}

/** Both stores stay their owner's: `close` does nothing. */
export function createFailoverStore(options: FailoverStoreOptions): LimitStore {
  const { shared, local, onStoreFailure, onFailure } = options;
  const decide = (
    reason: unknown,
    key: string,
    rule: LimitRule,
    cost: number,
  ): Verdict | Promise<Verdict> => {
    if (!(reason instanceof StoreUnavailable)) throw reason;
    onFailure?.(reason);
    if (onStoreFailure === "local") return local.take(key, rule, cost);
    if (onStoreFailure === "deny") throw reason;
    return { allowed: true, remaining: rule.burst, retryAfterMs: 0, resetMs: 0 };
  };
  return {
    take(key, rule, cost) {
      const verdict = shared.take(key, rule, cost);
      if (!(verdict instanceof Promise)) return verdict;
      return verdict.catch((reason: unknown) => decide(reason, key, rule, cost));
    },
    close: () => Promise.resolve(),
  };
}
