// What flow control does with a method: every choice decided, as the interceptors take it. Where each choice came from
// is the gateway's to know. Source: protos/protogate/v1/options.proto (MethodPolicy), which explains every field.
import type { Code } from "../rpc/code.ts";

export interface FlowPolicy {
  /** In the order in which they are written; a call needs leave of all of them. */
  readonly rateLimits: readonly RateLimit[];
  readonly concurrency: ConcurrencyLimit | undefined;
  readonly timeout: TimeoutPolicy;
  /** Limit of one request message, decompressed, in bytes; the gateway's where absent. Never above the gateway's. */
  readonly maxRequestBytes: number | undefined;
  /** Limit of one reply message, in bytes; the transport's where absent. */
  readonly maxReplyBytes: number | undefined;
  readonly stream: StreamLimits;
  /** Never beside `hedge`. */
  readonly retry: RetryPolicy | undefined;
  readonly hedge: HedgePolicy | undefined;
  readonly circuitBreaker: CircuitBreakerPolicy | undefined;
  readonly auth: AuthPolicy | undefined;
}

export interface RateLimit {
  /** Of the method's limits, in messages and headers: as written, else `1`, `2` … by its place. */
  readonly name: string;
  /** `token_bucket` is GCRA: `requests` per `perMs`, `burst` at once. `sliding_window`: at most `requests` in any `perMs`. */
  readonly algorithm: "token_bucket" | "sliding_window";
  /** Units admitted per `perMs`, more than 0. */
  readonly requests: number;
  readonly perMs: number;
  /** Units admitted at once, at least 1; `requests` by default. Only of `token_bucket`. */
  readonly burst: number;
  /** Who shares the count. */
  readonly key: LimitKey;
  /** What a call costs: 1, or 1 for each request message, or the bytes of its request messages. */
  readonly cost: "call" | "message" | "byte";
  /** Counted here, or together with the other gateways. */
  readonly scope: "local" | "shared";
  /** A shared limit whose store does not answer: count here, let all pass, or refuse all. */
  readonly onStoreFailure: "local" | "allow" | "deny";
  /** Count and report, refuse nobody. */
  readonly dryRun: boolean;
}

/** An expression as it is written, `header:x-user-id,path`, and its parts. */
export interface LimitKey {
  readonly text: string;
  readonly parts: readonly LimitKeyPart[];
}

export type LimitKeyPart =
  /** One count for everybody. */
  | { readonly kind: "global" }
  /** The client's address, seen through trusted proxies. */
  | { readonly kind: "ip" }
  /** The method, where a limit of a service or a selector is not to be shared by its methods. */
  | { readonly kind: "rpc" }
  /** The value of a header; calls with several different ones share a count. Lower case. */
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string }
  /** Subject of the verified token or name of the API key, else of the client's certificate. */
  | { readonly kind: "principal" }
  /** A claim of the verified token. */
  | { readonly kind: "claim"; readonly name: string }
  /** A scalar field of the first request message, by names of the .proto. */
  | { readonly kind: "field"; readonly path: string };

export interface ConcurrencyLimit {
  /** Calls in flight at once, a stream until its end; at least 1. The upper bound where `adaptive`. */
  readonly max: number;
  /** Calls that may wait for their turn; 0 = none. */
  readonly queue: number;
  /** How long one may wait, in milliseconds. A call whose deadline is sooner is refused at once where it cannot make it. */
  readonly queueTimeoutMs: number;
  /** Who shares the count; everybody where it is global. */
  readonly key: LimitKey;
  /** Whether the limit finds the backend's capacity by itself, between 1 and `max`. */
  readonly adaptive: boolean;
}

export interface TimeoutPolicy {
  /** Of a call whose client names none. */
  readonly defaultMs: number | undefined;
  /** The longest that a client may ask for; a call without any gets it too. */
  readonly maxMs: number | undefined;
  /** Of one attempt, where calls are retried. */
  readonly perTryMs: number | undefined;
}

/** Each way by itself; what is undefined is not limited. */
export interface StreamLimits {
  readonly requests: DirectionLimits;
  readonly replies: DirectionLimits;
  /** The longest life of a stream. */
  readonly maxDurationMs: number | undefined;
  /** The longest time without a message either way. */
  readonly idleTimeoutMs: number | undefined;
}

export interface DirectionLimits {
  readonly messagesPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Whether what is too fast waits (backpressure), or ends the call with RESOURCE_EXHAUSTED. */
  readonly excess: "delay" | "refuse";
  readonly maxMessages: number | undefined;
  readonly maxTotalBytes: number | undefined;
}

export interface RetryPolicy {
  /** The first attempt included; 2 to 5. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly codes: ReadonlySet<Code>;
  /** Share of calls that may be retries, over the last ten seconds; 0.2 = one in five. */
  readonly budgetRatio: number;
}

export interface HedgePolicy {
  /** The first one included: 2 to 5. */
  readonly maxAttempts: number;
  /** How long an attempt may take before the next one is sent beside it. */
  readonly delayMs: number;
  /** Codes with which an attempt may fail without deciding the call; the next one is sent at once. */
  readonly nonFatalCodes: ReadonlySet<Code>;
  /** Share of calls that may be further attempts, over the last ten seconds. */
  readonly budgetRatio: number;
}

export interface CircuitBreakerPolicy {
  /** Share of failures among the calls of the window at which it opens, more than 0 and at most 1. */
  readonly failureRatio: number;
  /** Calls in the window below which it stays closed. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open before one call is let through. */
  readonly openMs: number;
}

export type AuthPolicy =
  | { readonly kind: "public" }
  /** Any verified principal, and all of the scopes. */
  | { readonly kind: "required"; readonly scopes: readonly string[] };

export const unlimitedDirection: DirectionLimits = {
  messagesPerSecond: undefined,
  bytesPerSecond: undefined,
  excess: "delay",
  maxMessages: undefined,
  maxTotalBytes: undefined,
};
