// What the streams of a method may do: how fast, how much in all, how long in silence. Nothing is decoded, and no timer
// runs for a message that passes. How long a stream lives is the deadline's (deadline.ts), which has a timer already.
// Source: protos/protogate/v1/options.proto, StreamLimits.
import type { Interceptor } from "../../rpc/call.ts";
import { type StreamKind, streamsReplies, streamsRequests } from "../../rpc/method.ts";
import type { DirectionLimits, StreamLimits } from "../flow-policy.ts";
import { invokeJudged, type StreamRules } from "./call.ts";
import { FlowMeter, type Side } from "./flow-meter.ts";

export interface StreamLimitsOptions {
  readonly stream: StreamLimits;
  readonly kind: StreamKind;
  /** The clock, in milliseconds; `performance.now` by default. */
  readonly now?: () => number;
}

/**
 * Limits the streams of one method's calls, each call by itself. What comes too fast waits, where the policy does not
 * say otherwise, and who sends it with it: a stream is pulled. A side that is not a stream passes untouched.
 * @returns undefined where there is nothing to do for methods of this kind
 * @throws RpcError RESOURCE_EXHAUSTED beyond a limit, CANCELLED after `idleTimeoutMs` without a message
 */
export function createStreamLimits(options: StreamLimitsOptions): Interceptor | undefined {
  const { stream, kind, now = () => performance.now() } = options;
  if (kind === "unary") return undefined;
  const { idleTimeoutMs } = stream;
  const requests = streamsRequests(kind) ? meterOf(stream.requests, "request") : undefined;
  const replies = streamsReplies(kind) ? meterOf(stream.replies, "reply") : undefined;
  if (requests === undefined && replies === undefined && idleTimeoutMs === undefined) return undefined;
  const timed = idleTimeoutMs !== undefined || hasRate(stream.requests) || hasRate(stream.replies);
  // Asking for the time of every message costs as much as all else; counting does not need it.
  const rules: StreamRules = { requests, replies, idleTimeoutMs, now: timed ? now : () => 0 };
  return (next) => (call) => invokeJudged(rules, next, call);
}

function meterOf(limits: DirectionLimits, side: Side): (() => FlowMeter) | undefined {
  const { maxMessages, maxTotalBytes } = limits;
  const limited = hasRate(limits) || maxMessages !== undefined || maxTotalBytes !== undefined;
  return limited ? () => new FlowMeter(limits, side) : undefined;
}

function hasRate({ messagesPerSecond, bytesPerSecond }: DirectionLimits): boolean {
  return messagesPerSecond !== undefined || bytesPerSecond !== undefined;
}
