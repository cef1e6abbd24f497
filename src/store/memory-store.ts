// Limits counted in this process: verdicts at once, bounded memory whatever the keys. A key that was not used for long is
// forgotten first, and then begins anew. Source: protos/protogate/v1/options.proto (LOCAL).
import { createCountTable } from "./count-table.ts";
import { createKeyHasher, type KeyHash } from "./hash-key.ts";
import type { LimitRule, LimitStore, Verdict } from "./limit-store.ts";
import { takeFromWindow, type WindowCounts } from "./sliding-window.ts";
import { takeTokens } from "./token-bucket.ts";

export interface MemoryStoreOptions {
  /** Keys of each algorithm that are remembered. Default: 500 000, at most 17 MB of buckets and 34 MB of windows. */
  readonly maxKeys?: number;
  /** Milliseconds of a clock; default: the monotonic one. Where it goes back no time has passed. */
  readonly now?: () => number;
}

export interface MemoryStore extends LimitStore {
  /** Without waiting: the verdict itself. */
  take(key: string, rule: LimitRule, cost: number): Verdict;
  /** Keys that are remembered now, of both algorithms. */
  readonly keyCount: number;
}

/** Limits that are counted here. Keys of any length; under one key each rule has a count of its own. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { maxKeys = 500_000, now = () => performance.now() } = options;
  const buckets = createCountTable(maxKeys, 1);
  const windows = createCountTable(maxKeys, 3);
  const hashKey = createKeyHasher();
  const hash: KeyHash = new Uint32Array(2);
  const counts: WindowCounts = { window: 0, current: 0, previous: 0 };
  const readClock = createOnwardClock(now);

  const takeOfWindow = (rule: LimitRule, cost: number): Verdict => {
    const at = windows.locate(hash);
    const { values } = windows;
    counts.window = values[at] ?? 0;
    counts.current = values[at + 1] ?? 0;
    counts.previous = values[at + 2] ?? 0;
    const verdict = takeFromWindow(counts, readClock(), rule, cost);
    values[at] = counts.window;
    values[at + 1] = counts.current;
    values[at + 2] = counts.previous;
    return verdict;
  };

  const takeOfBucket = (rule: LimitRule, cost: number): Verdict => {
    const at = buckets.locate(hash);
    const verdict = takeTokens(buckets.values[at] ?? 0, readClock(), rule, cost);
    buckets.values[at] = verdict.fullAtMs;
    return verdict;
  };

  return {
    take(key, rule, cost) {
      hashKey(key, saltOf(rule), hash);
      return rule.algorithm === "sliding_window" ? takeOfWindow(rule, cost) : takeOfBucket(rule, cost);
    },
    get keyCount() {
      return buckets.keyCount + windows.keyCount;
    },
    close: () => Promise.resolve(),
  };
}

/** Tells rules apart under one key: a count means nothing to a rule that has changed. */
function saltOf({ requests, perMs, burst }: LimitRule): number {
  return requests * 31.7 + perMs * 17.3 + burst;
}

/** Time that has passed, from 0 on: it stands still while the clock goes back, and goes on from there. */
function createOnwardClock(now: () => number): () => number {
  let lastMs = now();
  let originMs = lastMs;
  return () => {
    const nowMs = now();
    if (nowMs < lastMs) originMs -= lastMs - nowMs;
    lastMs = nowMs;
    return nowMs - originMs;
  };
}
