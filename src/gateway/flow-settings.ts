// What a place may say of flow control: the choices of a method's policy as one flat list of keys, each of which may be
// left unsaid, as they are written and not yet judged. The options of a .proto and the config file come down to this.
// Source: protos/protogate/v1/options.proto (MethodPolicy).
import type { ConcurrencyLimit, RateLimit } from "../pipeline/flow-policy.ts";

/** A word of an enum of the options file, or the number of one that nobody here knows. */
export type Word<W extends string> = W | number;

/** Not judged: any number may be anything. Durations in milliseconds, NaN where they are none. What is absent is the default. */
export interface RateLimitSetting {
  readonly requests: number;
  readonly perMs?: number | undefined;
  readonly burst?: number | undefined;
  /** `header:x-user-id,ip` */
  readonly key?: string | undefined;
  readonly cost?: Word<RateLimit["cost"]> | undefined;
  readonly scope?: Word<RateLimit["scope"]> | undefined;
  readonly onStoreFailure?: Word<RateLimit["onStoreFailure"]> | undefined;
  readonly dryRun?: boolean | undefined;
  readonly algorithm?: Word<RateLimit["algorithm"]> | undefined;
  readonly name?: string | undefined;
}

export interface ConcurrencySetting extends Partial<Omit<ConcurrencyLimit, "key" | "max">> {
  readonly max: number;
  readonly key?: string;
}

export interface RetrySetting {
  readonly maxAttempts: number;
  readonly initialBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly backoffMultiplier?: number;
  /** Numbers of codes. */
  readonly codes?: readonly number[];
  readonly budgetRatio?: number;
}

export interface HedgeSetting {
  readonly maxAttempts: number;
  /** Has to be there; an option may lack it. */
  readonly delayMs?: number;
  /** Numbers of codes. */
  readonly nonFatalCodes?: readonly number[];
  readonly budgetRatio?: number;
}

export interface CircuitBreakerSetting {
  readonly failureRatio?: number;
  readonly minCalls?: number;
  readonly windowMs?: number;
  readonly openMs?: number;
}

export interface AuthSetting {
  readonly public: boolean;
  readonly scopes: readonly string[];
}

/** Takes back what a less specific place says. */
export type Off = "off";

type DirectionKey = "messagesPerSecond" | "bytesPerSecond" | "maxMessages" | "maxTotalBytes";

/** Keys whose value is one number: milliseconds, bytes or messages. */
export type QuantityKey =
  | "maxRequestBytes"
  | "maxReplyBytes"
  | "timeout.default"
  | "timeout.max"
  | "timeout.perTry"
  | `stream.${"requests" | "replies"}.${DirectionKey}`
  | "stream.maxDuration"
  | "stream.idleTimeout";

export type ExcessKey = `stream.${"requests" | "replies"}.excess`;

/** What each key may say. */
export interface FlowValues
  extends Record<QuantityKey, number | Off>,
    Record<ExcessKey, Word<"delay" | "refuse">> {
  /** Empty = none. */
  readonly rateLimit: readonly RateLimitSetting[];
  readonly concurrency: ConcurrencySetting | Off;
  readonly retry: RetrySetting | Off;
  readonly hedge: HedgeSetting | Off;
  readonly circuitBreaker: CircuitBreakerSetting | Off;
  readonly auth: AuthSetting;
}

export type FlowKey = keyof FlowValues;

/** What one place says; a key that is absent or undefined is left to the next. */
export type FlowSettings = { readonly [K in FlowKey]?: FlowValues[K] | undefined };

/** In the order of the options file, which is that of all lists for people. */
export const flowKeys = [
  "rateLimit",
  "concurrency",
  "maxRequestBytes",
  "maxReplyBytes",
  "timeout.default",
  "timeout.max",
  "timeout.perTry",
  "stream.requests.messagesPerSecond",
  "stream.requests.bytesPerSecond",
  "stream.requests.excess",
  "stream.requests.maxMessages",
  "stream.requests.maxTotalBytes",
  "stream.replies.messagesPerSecond",
  "stream.replies.bytesPerSecond",
  "stream.replies.excess",
  "stream.replies.maxMessages",
  "stream.replies.maxTotalBytes",
  "stream.maxDuration",
  "stream.idleTimeout",
  "retry",
  "hedge",
  "circuitBreaker",
  "auth",
] as const satisfies readonly FlowKey[];

/** The keys that have a value, as `exactOptionalPropertyTypes` wants them. */
export function defined<T extends object>(group: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)) as T;
}
