// What each key of flow control becomes for a method: the decided value with its words, or why it cannot work there.
// Lists are judged entry by entry. Source: protos/protogate/v1/options.proto (MethodPolicy).
import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthPolicy, LimitKey, RateLimit } from "../pipeline/flow-policy.ts";
import { checkKeyFields } from "./flow-key-field.ts";
import {
  checkDuration,
  checkWhole,
  compileAuth,
  compileCircuitBreaker,
  compileConcurrency,
  compileHedge,
  compileRateLimit,
  compileRetry,
  unknownWord,
} from "./flow-limits.ts";
import type { ExcessKey, FlowValues, Off, QuantityKey, RateLimitSetting } from "./flow-settings.ts";
import {
  authText,
  circuitBreakerText,
  concurrencyText,
  formatDuration,
  formatSize,
  hedgeText,
  retryText,
} from "./flow-text.ts";
import { type SettingFault, unfit, wrong } from "./policy-judge.ts";

/** Keys that are judged as a whole. */
export type WholeKey = Exclude<keyof FlowValues, "rateLimit">;

export interface FlowBounds {
  /** The gateway's own limit of a request message, which no method exceeds. */
  readonly maxRequestBytes: number;
}

/** A value as interceptors take it, undefined where it is `off`, and in words. */
export interface Decided {
  readonly value: unknown;
  readonly text: string;
  /** What is wrong with what was written, although the value counts. */
  readonly fault?: SettingFault;
}

/** A decision, or why there is none. */
export function decideFlowSetting<K extends WholeKey>(
  key: K,
  written: FlowValues[K],
  method: DescMethod,
  bounds: FlowBounds,
): Decided | SettingFault {
  const decide = rows[key] as Decide<FlowValues[K]>;
  return decide(written, method, bounds);
}

/** One limit of a list, or why it cannot work. */
export function decideRateLimit(
  written: RateLimitSetting,
  place: number,
  { input }: DescMethod,
): RateLimit | SettingFault {
  const limit = compileRateLimit(written, place);
  return typeof limit === "string" ? wrong(limit) : (fitKey(limit.key, input) ?? limit);
}

type Decide<V> = (written: V, method: DescMethod, bounds: FlowBounds) => Decided | SettingFault;

const off: Decided = { value: undefined, text: "off" };

/** The number of a quantity as it is, if nothing is wrong with it. */
function quantity(
  check: (value: number, bounds: FlowBounds) => string | undefined,
  format: (value: number) => string,
  fit: (method: DescMethod) => SettingFault | undefined = () => undefined,
): Decide<number | Off> {
  return (written, method, bounds) => {
    const misfit = fit(method);
    if (written === "off") return misfit ?? off;
    const reason = check(written, bounds);
    return reason === undefined ? (misfit ?? { value: written, text: format(written) }) : wrong(reason);
  };
}

/** Message sizes are those of one buffer. */
const maxMessageBytes = 2 ** 31 - 1;
const count = (value: number): string | undefined => checkWhole(value, 1, Number.MAX_SAFE_INTEGER);
const duration = (value: number): string | undefined => checkDuration(value);

function checkRequestBytes(value: number, { maxRequestBytes }: FlowBounds): string | undefined {
  if (!(value > maxRequestBytes)) return checkWhole(value, 1, maxMessageBytes);
  return `${formatSize(value)} is more than the gateway's own limit of ${formatSize(maxRequestBytes)}`;
}

const timeout = quantity(duration, formatDuration);
const lifetime = quantity(duration, formatDuration, needStream);
const number = (value: number): string => `${value}`;

function excess(way: "requests" | "replies"): Decide<FlowValues[ExcessKey]> {
  return (written, method) => {
    if (typeof written === "number") return wrong(unknownWord(written));
    return needDirection(way)(method) ?? { value: written, text: written };
  };
}

const rows: { readonly [K in WholeKey]: Decide<FlowValues[K]> } = {
  concurrency: (written, method) => {
    if (written === "off") return off;
    const limit = compileConcurrency(written);
    if (typeof limit === "string") return wrong(limit);
    if (
      limit.key.parts.some(({ kind }) => kind === "field") &&
      needDirection("requests")(method) === undefined
    ) {
      return unfit("the request is a stream, and calls are counted before its first message");
    }
    return fitKey(limit.key, method.input) ?? { value: limit, text: concurrencyText(limit) };
  },
  maxRequestBytes: quantity(checkRequestBytes, formatSize),
  maxReplyBytes: quantity((value) => checkWhole(value, 1, maxMessageBytes), formatSize),
  "timeout.default": timeout,
  "timeout.max": timeout,
  "timeout.perTry": timeout,
  ...directionRows("requests"),
  ...directionRows("replies"),
  "stream.maxDuration": lifetime,
  "stream.idleTimeout": lifetime,
  retry: (written) => (written === "off" ? off : whole(compileRetry(written), retryText)),
  hedge: (written) => (written === "off" ? off : whole(compileHedge(written), hedgeText)),
  circuitBreaker: (written) =>
    written === "off" ? off : whole(compileCircuitBreaker(written), circuitBreakerText),
  auth: (written) => {
    const policy = compileAuth(written);
    if (typeof policy !== "string") return { value: policy, text: authText(policy) };
    // A door whose lock cannot be understood stays shut: the next place may leave it open.
    const strictest: AuthPolicy = { kind: "required", scopes: written.scopes };
    return {
      value: strictest,
      text: authText(strictest),
      fault: wrong(`${policy}; the stricter reading counts`),
    };
  },
};

function directionRows<W extends "requests" | "replies">(way: W) {
  const limit = quantity(count, number, needDirection(way));
  const size = quantity(count, formatSize, needDirection(way));
  return {
    [`stream.${way}.messagesPerSecond`]: limit,
    [`stream.${way}.bytesPerSecond`]: size,
    [`stream.${way}.excess`]: excess(way),
    [`stream.${way}.maxMessages`]: limit,
    [`stream.${way}.maxTotalBytes`]: size,
  } as Record<QuantityKey & `stream.${W}.${string}`, Decide<number | Off>> &
    Record<ExcessKey & `stream.${W}.excess`, Decide<FlowValues[ExcessKey]>>;
}

function whole<V>(compiled: V | string, textOf: (value: V) => string): Decided | SettingFault {
  return typeof compiled === "string" ? wrong(compiled) : { value: compiled, text: textOf(compiled) };
}

function fitKey(key: LimitKey, input: DescMethod["input"]): SettingFault | undefined {
  const reason = checkKeyFields(key, input);
  return reason === undefined ? undefined : unfit(`key: ${reason}`);
}

function needDirection(way: "requests" | "replies"): (method: DescMethod) => SettingFault | undefined {
  const kind = way === "requests" ? "client_streaming" : "server_streaming";
  return ({ methodKind }) => {
    if (methodKind === kind || methodKind === "bidi_streaming") return undefined;
    return unfit(way === "requests" ? "the request is no stream" : "the reply is no stream");
  };
}

function needStream({ methodKind }: DescMethod): SettingFault | undefined {
  return methodKind === "unary" ? unfit("neither the request nor the reply is a stream") : undefined;
}
