// The sliding window of two counters: what this window has taken, and what the one before has, weighed by how much of it
// the last `perMs` still cover. It takes the calls of a window as evenly spread, which is how three numbers are enough.
// Source: protos/protogate/v1/options.proto (SLIDING_WINDOW).
import type { LimitRule, Verdict } from "./limit-store.ts";
import { wholeUnits } from "./token-bucket.ts";

/** A share of the limit by which sums of doubles may be off, so that the last unit is not lost. */
const tolerance = 1e-12;

export interface WindowCounts {
  /** Number of the window, `floor(nowMs / perMs)`. */
  window: number;
  current: number;
  previous: number;
}

/** Takes from the counts, and moves them to the window of `nowMs`. */
export function takeFromWindow(counts: WindowCounts, nowMs: number, rule: LimitRule, cost: number): Verdict {
  const { requests, perMs } = rule;
  const window = Math.floor(nowMs / perMs);
  moveTo(counts, window);
  const passedMs = nowMs - window * perMs;
  const used = counts.previous * (1 - passedMs / perMs) + counts.current;
  const allowed = used + cost <= requests * (1 + tolerance);
  if (allowed) counts.current += cost;
  return {
    allowed,
    remaining: wholeUnits(requests * (1 + tolerance) - used - (allowed ? cost : 0)),
    retryAfterMs: allowed ? 0 : waitMs(counts, passedMs, rule, cost),
    resetMs: resetMs(counts, passedMs, perMs),
  };
}

function moveTo(counts: WindowCounts, window: number): void {
  const steps = window - counts.window;
  if (steps === 1) counts.previous = counts.current;
  if (steps > 1) counts.previous = 0;
  if (steps > 0) counts.current = 0;
  counts.window = window;
}

/** How long until the weight of what was taken has sunk far enough: in this window, or only in the next one. */
function waitMs(counts: WindowCounts, passedMs: number, rule: LimitRule, cost: number): number {
  const { requests, perMs } = rule;
  const { current, previous } = counts;
  if (cost > requests) return Number.POSITIVE_INFINITY;
  if (current + cost <= requests * (1 + tolerance)) {
    return Math.max(0, perMs * (1 - (requests - cost - current) / previous) - passedMs);
  }
  return perMs - passedMs + perMs * (1 - (requests - cost) / current);
}

function resetMs(counts: WindowCounts, passedMs: number, perMs: number): number {
  if (counts.current > 0) return 2 * perMs - passedMs;
  return counts.previous > 0 ? perMs - passedMs : 0;
}
