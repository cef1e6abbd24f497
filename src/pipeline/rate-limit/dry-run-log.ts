// What limits that only watch would have refused, in the log: who tries a limit out wants to know whom it would hit, and
// not a line for each call of a client that is far over it. Source: options.proto, RateLimit.dry_run.
import type { Logger } from "../../rpc/logger.ts";
import type { FlowPolicy } from "../flow-policy.ts";
import type { RateLimitReport } from "./ask.ts";

/** Between two lines about one limit; what is refused meanwhile is counted. */
const pauseMs = 60_000;

/**
 * Tells at once of the first that a limit would have refused, then at most every minute how many there were since.
 * @param now milliseconds on a clock that does not step
 * @returns undefined where no limit only watches
 */
export function createDryRunLog(
  limits: FlowPolicy["rateLimits"],
  logger: Logger,
  methodPath: string,
  now: () => number = () => performance.now(),
): RateLimitReport | undefined {
  const states = new Map(
    limits
      .filter(({ dryRun }) => dryRun)
      .map(({ name }) => [name, { refused: 0, toldAtMs: Number.NEGATIVE_INFINITY }]),
  );
  if (states.size === 0) return undefined;
  return ({ name }, admitted) => {
    const state = admitted ? undefined : states.get(name);
    if (state === undefined) return;
    state.refused++;
    const nowMs = now();
    if (nowMs - state.toldAtMs < pauseMs) return;
    logger.warn("a rate limit would have refused", { method: methodPath, limit: name, times: state.refused });
    state.toldAtMs = nowMs;
    state.refused = 0;
  };
}
