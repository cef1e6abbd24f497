// How long to wait before a call is tried again: exponential, with full jitter, so that calls that failed together do
// not come back together. Source: gRFC A6 "Exponential Backoff" as it was until August 2024; since then it spreads by
// a fifth only, which is enough for one client and not for a gateway, all of whose calls fail in the same moment.
import type { RetryPolicy } from "../flow-policy.ts";

type BackoffPolicy = Pick<RetryPolicy, "initialBackoffMs" | "maxBackoffMs" | "backoffMultiplier">;

/**
 * Milliseconds before the `retry`-th retry, from 1: anything from 0 to the initial backoff for the first, to its
 * multiple for the next, never above the maximum.
 * @param random as `Math.random`
 */
export function backoffMs(policy: BackoffPolicy, retry: number, random: () => number): number {
  const { initialBackoffMs, maxBackoffMs, backoffMultiplier } = policy;
  return random() * Math.min(initialBackoffMs * backoffMultiplier ** (retry - 1), maxBackoffMs);
}
