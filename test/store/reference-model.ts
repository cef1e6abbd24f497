// Both algorithms as their definitions say, naively and exactly: whole numbers of any size, every take remembered. Time is
// what has passed; a clock that goes back passes none.
import type { LimitRule } from "../../src/store/limit-store.ts";

export interface ReferenceModel {
  take(nowMs: number, cost: number): { readonly allowed: boolean; readonly remaining: number };
}

/**
 * A bucket that is filled drop by drop: a unit is `perMs` drops, and `requests` drops fall each millisecond. `shifted`
 * knows the time of the last take that was admitted or found the clock set back, `frozen` that of the last of all.
 */
export function createBucketModel(
  { requests, perMs, burst }: LimitRule,
  clock: "frozen" | "shifted",
): ReferenceModel {
  const [rate, unit] = [BigInt(requests), BigInt(perMs)];
  const full = BigInt(burst) * unit;
  let drops = full;
  let lastMs: number | undefined;
  return {
    take(nowMs, cost) {
      const passedMs = nowMs - (lastMs ?? nowMs);
      let now = drops + BigInt(Math.max(0, passedMs)) * rate;
      if (now > full) now = full;
      const allowed = BigInt(cost) * unit <= now;
      if (allowed) now -= BigInt(cost) * unit;
      if (allowed || passedMs < 0 || clock === "frozen") [drops, lastMs] = [now, nowMs];
      return { allowed, remaining: Number(now / unit) };
    },
  };
}

/**
 * Every take with its time. Where the clock goes back, either it is a clock of time that has passed (`frozen`), or all that
 * was taken is moved back by whole windows until none of it is of a window to come (`shifted`).
 */
export function createWindowModel(
  { requests, perMs }: LimitRule,
  clock: "frozen" | "shifted",
  startMs: number,
): ReferenceModel {
  let taken: { readonly window: number; readonly cost: number }[] = [];
  let lastMs = startMs;
  let originMs = clock === "frozen" ? startMs : 0;
  return {
    take(clockMs, cost) {
      if (clock === "frozen" && clockMs < lastMs) originMs -= lastMs - clockMs;
      lastMs = clockMs;
      const nowMs = clockMs - originMs;
      const window = Math.floor(nowMs / perMs);
      const ahead = Math.max(0, ...taken.map((take) => take.window - window));
      taken = taken.map((take) => ({ ...take, window: take.window - ahead }));
      const sumOf = (wanted: number): bigint =>
        taken.filter((take) => take.window === wanted).reduce((sum, take) => sum + BigInt(take.cost), 0n);
      const unit = BigInt(perMs);
      const overlap = unit - BigInt(nowMs - window * perMs);
      const used = sumOf(window - 1) * overlap + sumOf(window) * unit;
      const left = BigInt(requests) * unit - used;
      const allowed = BigInt(cost) * unit <= left;
      if (allowed) taken.push({ window, cost });
      const after = allowed ? left - BigInt(cost) * unit : left;
      return { allowed, remaining: after < 0n ? 0 : Number(after / unit) };
    },
  };
}
