// The state of several channels as one: what a call sent to the best of them can expect.
// Source: gRPC, "Connectivity Semantics" and the aggregation rules of round_robin (load-balancing.md).
import type { ChannelState, ChannelStatus } from "./upstream.ts";

const ranks: Readonly<Record<ChannelState, number>> = {
  ready: 0,
  connecting: 1,
  idle: 2,
  transient_failure: 3,
  shutdown: 4,
};

/** The best status; of equal ones that without an error, then the oldest. Undefined for an empty list. */
export function combineStatuses<T extends ChannelStatus>(statuses: Iterable<T>): T | undefined {
  let best: T | undefined;
  for (const status of statuses) {
    if (best === undefined || compare(status, best) < 0) best = status;
  }
  return best;
}

/** Whether the difference is one that listeners are told of. */
export function isNews(before: ChannelStatus, after: ChannelStatus): boolean {
  return before.state !== after.state || before.lastError !== after.lastError;
}

function compare(a: ChannelStatus, b: ChannelStatus): number {
  if (a.state !== b.state) return ranks[a.state] - ranks[b.state];
  const errors = Number(a.lastError !== undefined) - Number(b.lastError !== undefined);
  return errors === 0 ? a.sinceMs - b.sinceMs : errors;
}
