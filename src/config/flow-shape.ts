// What the config file may say of flow control, for all methods at the top and by selector in `methods`. The keys are
// those of MethodPolicy in protos/protogate/v1/options.proto, in camelCase; values are judged as those of options are.
import { z } from "zod";
import { compileAuth, compileCircuitBreaker, compileHedge, compileRetry } from "../gateway/flow-limits.ts";
import {
  type AuthSetting,
  type CircuitBreakerSetting,
  defined,
  type HedgeSetting,
  type RetrySetting,
} from "../gateway/flow-settings.ts";
import { Code } from "../rpc/code.ts";
import { parseDuration } from "./duration-text.ts";
import { judged, mappingOrOff, time, whole } from "./judged-shape.ts";
import { concurrency, rateLimits } from "./limit-shape.ts";
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";
import { key } from "./shape-key.ts";
import { textOrNumber } from "./shape-values.ts";
import { parseSize } from "./size-text.ts";

const number = z.number({ error: "expected a number" });
function orOff<T>(form: string, parse: (text: string) => Parsed<T>) {
  return textOrNumber<T | "off">(`${form}, or \`off\``, (value) => {
    if (value === "off") return parsed("off");
    const outcome = parse(value);
    return outcome.ok ? outcome : notParsed(`${outcome.message}; or \`off\``);
  });
}

const timeOrOff = orOff("a duration such as `5s`", (value) => {
  const outcome = parseDuration(value);
  if (!outcome.ok || outcome.value > 0) return outcome;
  return notParsed(`expected a duration of at least 1ms, got ${quoted(value)}`);
});
const sizeOrOff = orOff("a size such as `64KiB`", parseSize);
const countOrOff = orOff("a number", (value) => {
  const count = /^\d{1,16}$/.test(value) ? Number(value) : 0;
  if (count >= 1 && Number.isSafeInteger(count)) return parsed(count);
  return notParsed(`expected a whole number of at least 1, got ${quoted(value)}`);
});

const codes = Object.entries(Code).filter(([, code]) => code !== Code.OK);
const codeNames = codes.map(([name]) => name) as [string, ...string[]];
const codeList = z
  .array(z.enum(codeNames))
  .min(1, "expected at least one code")
  .transform((names) => names.map((name) => codes.find(([known]) => known === name)?.[1] ?? Number.NaN));

const retry = z
  .strictObject({
    maxAttempts: whole.meta({ form: "2 to 5", description: "The first one included." }),
    initialBackoff: key(time, {
      form: "duration",
      byDefault: "50ms",
      description: "Wait before the second.",
    }),
    maxBackoff: key(time, { form: "duration", byDefault: "1s", description: "The longest wait." }),
    backoffMultiplier: key(number, { form: "number", byDefault: 2, description: "What each wait grows by." }),
    codes: key(codeList, {
      form: "list of codes",
      byDefault: "[UNAVAILABLE]",
      description: "What is tried again.",
    }),
    budgetRatio: key(number, {
      form: "number",
      byDefault: 0.2,
      description: "Share of the method's calls that may be retries.",
    }),
  })
  .transform(
    ({ maxAttempts, initialBackoff, maxBackoff, ...rest }): RetrySetting => ({
      maxAttempts,
      ...defined({
        initialBackoffMs: initialBackoff,
        maxBackoffMs: maxBackoff,
        backoffMultiplier: rest.backoffMultiplier,
        codes: rest.codes,
        budgetRatio: rest.budgetRatio,
      }),
    }),
  )
  .superRefine(judged(compileRetry));

const hedge = z
  .strictObject({
    maxAttempts: whole.meta({ form: "2 to 5", description: "The first one included." }),
    delay: time.meta({
      form: "duration",
      description: "How long an attempt may take before the next one is sent beside it.",
    }),
    nonFatalCodes: key(codeList, {
      form: "list of codes",
      byDefault: "[UNAVAILABLE]",
      description: "What does not decide the call: the next attempt is sent at once.",
    }),
    budgetRatio: key(number, {
      form: "number",
      byDefault: 0.2,
      description: "Share of the method's calls that may be further attempts.",
    }),
  })
  .transform(
    ({ maxAttempts, delay, ...rest }): HedgeSetting => ({
      maxAttempts,
      ...defined({ ...rest, delayMs: delay }),
    }),
  )
  .superRefine(judged(compileHedge));

const circuitBreaker = z
  .strictObject({
    failureRatio: key(number, {
      form: "number",
      byDefault: 0.5,
      description: "Share of failures to open at.",
    }),
    minCalls: key(whole, {
      form: "number",
      byDefault: 20,
      description: "Calls in the window below which it stays closed.",
    }),
    window: key(time, { form: "duration", byDefault: "10s", description: "Time that is looked back on." }),
    open: key(time, {
      form: "duration",
      byDefault: "5s",
      description: "How long it stays open before a call is let through to try.",
    }),
  })
  .transform(
    ({ window, open, ...rest }): CircuitBreakerSetting =>
      defined({ ...rest, windowMs: window, openMs: open }),
  )
  .superRefine(judged(compileCircuitBreaker));

const auth = z
  .union(
    [
      z.enum(["public", "required"]),
      z.strictObject({
        scopes: z
          .array(z.string())
          .meta({ form: "list", description: "What the caller has to have, all of it." }),
      }),
    ],
    {
      error: "expected `public`, `required`, or a mapping with `scopes`",
    },
  )
  .transform(
    (demand): AuthSetting =>
      typeof demand === "string"
        ? { public: demand === "public", scopes: [] }
        : { public: false, scopes: demand.scopes },
  )
  .superRefine(judged(compileAuth));

function direction(of: string) {
  return z.strictObject({
    messagesPerSecond: key(countOrOff, {
      form: "number or off",
      description: `Messages of ${of} per second.`,
    }),
    bytesPerSecond: key(sizeOrOff, { form: "size or off", description: "Bytes of them per second." }),
    excess: key(z.enum(["delay", "refuse"]), {
      form: "delay or refuse",
      byDefault: "delay",
      description: "Too fast: made to wait, or RESOURCE_EXHAUSTED.",
    }),
    maxMessages: key(countOrOff, { form: "number or off", description: "Messages in all." }),
    maxTotalBytes: key(sizeOrOff, { form: "size or off", description: "Bytes in all." }),
  });
}

export const timeoutKeys = {
  default: key(timeOrOff, {
    form: "duration or off",
    description: "Of calls whose client sets no deadline.",
  }),
  perTry: key(timeOrOff, {
    form: "duration or off",
    description: "Of one attempt, where a call is tried again.",
  }),
};

/** What may stand at the top, for every method, and in `methods`. */
export const flowKeys = {
  rateLimit: key(rateLimits, {
    form: "list or off",
    description:
      "How often each method may be called; a call needs leave of each limit. Wins over what options say, as the six keys that follow do. Mappings of these keys:",
  }),
  concurrency: key(mappingOrOff(concurrency, "`max`"), {
    form: "mapping or off",
    description: "How many calls of a method may be in flight.",
  }),
  maxReplyBytes: key(sizeOrOff, {
    form: "size or off",
    description: "Largest reply message; of a stream each message.",
  }),
  stream: key(
    z.strictObject({
      requests: key(direction("the client"), { form: "mapping", description: "What clients stream." }),
      replies: key(direction("the backend"), { form: "mapping", description: "What backends stream." }),
      maxDuration: key(timeOrOff, { form: "duration or off", description: "The longest life of a stream." }),
      idleTimeout: key(timeOrOff, {
        form: "duration or off",
        description: "The longest time without a message either way.",
      }),
    }),
    { form: "mapping", description: "What a stream may do, each way for itself." },
  ),
  retry: key(mappingOrOff(retry, "`maxAttempts`"), {
    form: "mapping or off",
    description: "Whether and how a failed call is tried again.",
  }),
  hedge: key(mappingOrOff(hedge, "`maxAttempts` and `delay`"), {
    form: "mapping or off",
    description: "Whether a call that takes long is sent again beside itself; not beside `retry`.",
  }),
  circuitBreaker: key(mappingOrOff(circuitBreaker, "`failureRatio`"), {
    form: "mapping or off",
    description: "When the gateway stops calling an upstream that fails; `{}` for the defaults.",
  }),
};

/** The same keys where help has told of them. */
const {
  rateLimit: limits,
  concurrency: places,
  maxReplyBytes,
  stream,
  retry: again,
  hedge: beside,
  circuitBreaker: breaker,
} = flowKeys;
const asAtTop = (keysOf: string, form: string) => ({
  form,
  description: `As \`${keysOf}\` at the top.`,
  keysOf,
});

/** What may stand in `methods`: some of it is called alike at the top, and means the gateway's own there. */
export const methodFlowKeys = {
  rateLimit: limits.meta(asAtTop("rateLimit", "list or off")),
  concurrency: places.meta(asAtTop("concurrency", "mapping or off")),
  maxRequestBytes: key(sizeOrOff, {
    form: "size or off",
    description: "Largest request message, not above `maxRequestBytes` at the top; of a stream each message.",
  }),
  timeout: key(
    z.strictObject({
      ...timeoutKeys,
      max: key(timeOrOff, {
        form: "duration or off",
        description: "The longest that a client may ask for; others are cut to it.",
      }),
    }),
    { form: "mapping", description: "How long a call may take, waiting in the gateway included." },
  ),
  maxReplyBytes: maxReplyBytes.meta(asAtTop("maxReplyBytes", "size or off")),
  stream: stream.meta(asAtTop("stream", "mapping")),
  retry: again.meta(asAtTop("retry", "mapping or off")),
  hedge: beside.meta(asAtTop("hedge", "mapping or off")),
  circuitBreaker: breaker.meta(asAtTop("circuitBreaker", "mapping or off")),
  auth: key(auth, {
    form: "public, required or mapping",
    description:
      "Who may call: everybody, whoever has a valid token or key, or who has all of these `scopes`.",
  }),
};
