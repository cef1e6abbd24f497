// The token bucket as GCRA: one number per key, the time at which the bucket is full again. What it decides is in the
// verdict; the caller keeps the number. Source: ITU-T I.371 (generic cell rate algorithm, virtual scheduling).
import type { LimitRule, Verdict } from "./limit-store.ts";

/** Whose time is in the past has a full bucket, and so has who has none. */
export interface TokenVerdict extends Verdict {
  /** When the bucket is full again, in milliseconds of the caller's clock; as it was where nothing was taken. */
  readonly fullAtMs: number;
}

/** @param fullAtMs of the last verdict; anything before `nowMs` where there is none */
export function takeTokens(fullAtMs: number, nowMs: number, rule: LimitRule, cost: number): TokenVerdict {
  const { burst } = rule;
  const msPerUnit = rule.perMs / rule.requests;
  const burstMs = burst * msPerUnit;
  const debtMs = fullAtMs > nowMs ? fullAtMs - nowMs : 0;
  const wantedMs = debtMs + cost * msPerUnit;
  // Sums of doubles are off by some last bits, of the burst or of the clock; a unit must not be lost by that.
  const slackMs = burstMs * 1e-12 + nowMs * 8 * Number.EPSILON;
  if (wantedMs <= burstMs + slackMs) {
    return {
      allowed: true,
      remaining: wholeUnits((burstMs - wantedMs + slackMs) / msPerUnit),
      retryAfterMs: 0,
      resetMs: wantedMs,
      fullAtMs: nowMs + wantedMs,
    };
  }
  return {
    allowed: false,
    remaining: wholeUnits((burstMs - debtMs + slackMs) / msPerUnit),
    retryAfterMs: cost > burst ? Number.POSITIVE_INFINITY : wantedMs - burstMs,
    resetMs: debtMs,
    fullAtMs,
  };
}

export function wholeUnits(units: number): number {
  return Math.max(0, Math.floor(units));
}
