// Keys that are over their limit, and until when: nobody has to be asked about them before their time has come, however
// many calls there are. Bounded; what is forgotten is asked about.
import { createCountTable } from "./count-table.ts";
import { createKeyHasher, type KeyHash } from "./hash-key.ts";
import type { LimitRule, Verdict } from "./limit-store.ts";

export interface DeniedKeys {
  /** The verdict on a key that was denied as much or less, and whose time has not come. */
  find(storeKey: string, rule: LimitRule, cost: number): Verdict | undefined;
  remember(storeKey: string, cost: number, verdict: Verdict): void;
}

export function createDeniedKeys(maxKeys: number, now: () => number): DeniedKeys {
  const table = createCountTable(maxKeys, 4);
  const hashKey = createKeyHasher();
  const hash: KeyHash = new Uint32Array(2);
  return {
    find(storeKey, rule, cost) {
      hashKey(storeKey, 0, hash);
      const at = table.find(hash);
      if (at < 0) return undefined;
      const [untilMs = 0, deniedCost = 0, remaining = 0, resetAtMs = 0] = table.values.subarray(at, at + 4);
      const nowMs = now();
      if (nowMs >= untilMs || cost < deniedCost) return undefined;
      return {
        allowed: false,
        remaining,
        retryAfterMs: waitMs(untilMs - nowMs, deniedCost, rule, cost),
        resetMs: Math.max(0, resetAtMs - nowMs),
      };
    },
    remember(storeKey, cost, { retryAfterMs, remaining, resetMs }) {
      // Never is no time that comes.
      if (retryAfterMs === Number.POSITIVE_INFINITY) return;
      hashKey(storeKey, 0, hash);
      const at = table.locate(hash);
      const nowMs = now();
      table.values.set([nowMs + retryAfterMs, cost, remaining, nowMs + resetMs], at);
    },
  };
}

/** Of a bucket exactly; of a window at least so long. */
function waitMs(deniedMs: number, deniedCost: number, rule: LimitRule, cost: number): number {
  const { algorithm, requests, perMs, burst } = rule;
  if (algorithm === "sliding_window") return cost > requests ? Number.POSITIVE_INFINITY : deniedMs;
  return cost > burst ? Number.POSITIVE_INFINITY : deniedMs + ((cost - deniedCost) * perMs) / requests;
}
