// What an option of a .proto says of flow control, as it is written: what protobuf cannot tell from silence (zeros of
// proto3) is left unsaid, numbers and words are not judged here.
// Source: protos/protogate/v1/options.proto (MethodPolicy, ServicePolicy).
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  RateLimit_Algorithm as Algorithm,
  type ConcurrencyLimit,
  RateLimit_Cost as Cost,
  type StreamLimits_Direction as Direction,
  StreamLimits_Direction_Excess as Excess,
  type HedgePolicy,
  type MethodPolicy,
  RateLimit_OnStoreFailure as OnStoreFailure,
  type RateLimit,
  type RetryPolicy,
  RateLimit_Scope as Scope,
  type ServicePolicy,
} from "../gen/protogate/v1/options_pb.ts";
import {
  type CircuitBreakerSetting,
  type ConcurrencySetting,
  defined,
  type FlowSettings,
  type HedgeSetting,
  type RateLimitSetting,
  type RetrySetting,
  type Word,
} from "./flow-settings.ts";

export function readFlowOption(policy: MethodPolicy | ServicePolicy): FlowSettings {
  const { rateLimit, concurrency, maxRequestBytes, maxReplyBytes, timeout, stream, auth } = policy;
  const { retry, hedge, circuitBreaker } = policy;
  return {
    // An empty repeated field is one that was not written.
    rateLimit: rateLimit.length === 0 ? undefined : rateLimit.map(readRateLimit),
    concurrency: concurrency && readConcurrency(concurrency),
    maxRequestBytes: maxRequestBytes === undefined ? undefined : Number(maxRequestBytes),
    maxReplyBytes: maxReplyBytes === undefined ? undefined : Number(maxReplyBytes),
    "timeout.default": msOf(timeout?.default),
    "timeout.max": msOf(timeout?.max),
    "timeout.perTry": msOf(timeout?.perTry),
    ...readDirection("requests", stream?.requests),
    ...readDirection("replies", stream?.replies),
    "stream.maxDuration": msOf(stream?.maxDuration),
    "stream.idleTimeout": msOf(stream?.idleTimeout),
    retry: retry && readRetry(retry),
    hedge: hedge && readHedge(hedge),
    circuitBreaker:
      circuitBreaker &&
      defined<CircuitBreakerSetting>({
        failureRatio: said(circuitBreaker.failureRatio),
        minCalls: said(circuitBreaker.minCalls),
        windowMs: msOf(circuitBreaker.window),
        openMs: msOf(circuitBreaker.open),
      }),
    auth: auth && { public: auth.public, scopes: auth.scopes },
  };
}

const algorithms = new Map([
  [Algorithm.TOKEN_BUCKET, "token_bucket"],
  [Algorithm.SLIDING_WINDOW, "sliding_window"],
] as const);
const costs = new Map([
  [Cost.CALL, "call"],
  [Cost.MESSAGE, "message"],
  [Cost.BYTE, "byte"],
] as const);
const scopes = new Map([
  [Scope.LOCAL, "local"],
  [Scope.SHARED, "shared"],
] as const);
const storeFailures = new Map([
  [OnStoreFailure.COUNT_LOCALLY, "local"],
  [OnStoreFailure.ALLOW, "allow"],
  [OnStoreFailure.DENY, "deny"],
] as const);
const excesses = new Map([
  [Excess.DELAY, "delay"],
  [Excess.REFUSE, "refuse"],
] as const);

function readRateLimit(limit: RateLimit): RateLimitSetting {
  return {
    requests: Number(limit.requests),
    perMs: msOf(limit.per),
    burst: said(limit.burst),
    key: limit.key === "" ? undefined : limit.key,
    cost: wordOf(limit.cost, costs),
    scope: wordOf(limit.scope, scopes),
    onStoreFailure: wordOf(limit.onStoreFailure, storeFailures),
    dryRun: limit.dryRun,
    algorithm: wordOf(limit.algorithm, algorithms),
    name: limit.name === "" ? undefined : limit.name,
  };
}

function readConcurrency(limit: ConcurrencyLimit): ConcurrencySetting {
  const { max, queue, adaptive } = limit;
  return {
    max,
    ...defined({
      queue,
      queueTimeoutMs: msOf(limit.queueTimeout),
      key: limit.key === "" ? undefined : limit.key,
      adaptive,
    }),
  };
}

function readDirection(way: "requests" | "replies", direction: Direction | undefined): FlowSettings {
  if (direction === undefined) return {};
  return {
    [`stream.${way}.messagesPerSecond`]: said(direction.messagesPerSecond),
    [`stream.${way}.bytesPerSecond`]: said(direction.bytesPerSecond),
    [`stream.${way}.excess`]: wordOf(direction.excess, excesses),
    [`stream.${way}.maxMessages`]: said(direction.maxMessages),
    [`stream.${way}.maxTotalBytes`]: said(direction.maxTotalBytes),
  };
}

function readRetry(retry: RetryPolicy): RetrySetting {
  const { maxAttempts, codes } = retry;
  return {
    maxAttempts,
    ...defined({
      initialBackoffMs: msOf(retry.initialBackoff),
      maxBackoffMs: msOf(retry.maxBackoff),
      backoffMultiplier: said(retry.backoffMultiplier),
      codes: codes.length === 0 ? undefined : codes,
      budgetRatio: said(retry.budgetRatio),
    }),
  };
}

function readHedge({ maxAttempts, delay, nonFatalCodes, budgetRatio }: HedgePolicy): HedgeSetting {
  return {
    maxAttempts,
    ...defined({
      delayMs: msOf(delay),
      nonFatalCodes: nonFatalCodes.length === 0 ? undefined : nonFatalCodes,
      budgetRatio: said(budgetRatio),
    }),
  };
}

/** Zero is what a number without presence says nothing with. */
function said(value: number | bigint): number | undefined {
  return Number(value) === 0 ? undefined : Number(value);
}

/** Zero is what all these enums say nothing with; a number without a word stays one, to be told. */
function wordOf<W extends string>(value: number, words: ReadonlyMap<number, W>): Word<W> | undefined {
  return value === 0 ? undefined : (words.get(value) ?? value);
}

/** Whole milliseconds; NaN where the message is no valid duration. */
function msOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const seconds = Number(duration.seconds);
  const { nanos } = duration;
  const valid = Math.abs(seconds) <= 315_576_000_000 && Math.abs(nanos) < 1e9 && seconds * nanos >= 0;
  return valid ? seconds * 1000 + Math.round(nanos / 1e6) : Number.NaN;
}
