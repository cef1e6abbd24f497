// What the config file may say of how often a method may be called, and of how many of its calls may be in flight.
// Source: protos/protogate/v1/options.proto (RateLimit, ConcurrencyLimit).
import { z } from "zod";
import { compileConcurrency, compileRateLimit } from "../gateway/flow-limits.ts";
import { type ConcurrencySetting, defined, type RateLimitSetting } from "../gateway/flow-settings.ts";
import { parseDuration } from "./duration-text.ts";
import { judged, off, time, whole } from "./judged-shape.ts";
import { quoted } from "./parsed.ts";
import { key } from "./shape-key.ts";
import { text } from "./shape-values.ts";

/** Longer than any timer: only counting takes that long. */
const month = text((value) => parseDuration(value, 31 * 86_400_000), "expected a duration such as `1s`");
const expression = z.string({ error: "expected text such as `header:x-user-id`" });

const rateLimit = z
  .strictObject({
    requests: whole.meta({ form: "number", description: "Units that are admitted per `per`." }),
    per: key(month, {
      form: "duration",
      byDefault: "1s",
      description: "Time in which they are, at most 31 days (`744h`).",
    }),
    burst: key(whole, {
      form: "number",
      description:
        "Units that are admitted at once; `requests` where it is not given. Only of `token-bucket`.",
    }),
    key: key(expression, {
      form: "text",
      byDefault: "global",
      description:
        "Who shares a count, one or more with commas: `global`, `ip`, `rpc`, `header:NAME`, `cookie:NAME`, `principal`, `claim:NAME`, `field:PATH`.",
    }),
    cost: key(z.enum(["call", "message", "byte"]), {
      form: "call, message or byte",
      byDefault: "call",
      description: "What counts once: each call, each request message, each byte of them.",
    }),
    scope: key(z.enum(["local", "shared"]), {
      form: "local or shared",
      byDefault: "local",
      description: "Counted by each gateway for itself, or by all together in `store`.",
    }),
    onStoreFailure: key(z.enum(["local", "allow", "deny"]), {
      form: "local, allow or deny",
      byDefault: "local",
      description: "A shared limit whose store does not answer: count here, let all pass, or none.",
    }),
    dryRun: key(z.boolean(), {
      form: "true or false",
      byDefault: false,
      description: "Count and report, refuse nobody.",
    }),
    algorithm: key(z.enum(["token-bucket", "sliding-window"]), {
      form: "token-bucket or sliding-window",
      byDefault: "token-bucket",
      description: "On average with a burst, or at most `requests` in any `per`.",
    }),
    name: key(z.string(), {
      form: "text",
      description: "In messages, headers and metrics; its place in the list where it is not given.",
    }),
  })
  .transform(
    ({ per, algorithm, ...limit }): RateLimitSetting => ({
      ...limit,
      perMs: per,
      algorithm: algorithm === "sliding-window" ? "sliding_window" : algorithm && "token_bucket",
    }),
  )
  .superRefine(judged((limit: RateLimitSetting) => compileRateLimit(limit, 1)));

export const rateLimits = z
  .union([off, rateLimit, z.array(rateLimit).max(16, "expected at most 16 limits")], {
    error: "expected a mapping with `requests`, a list of them, or `off`",
  })
  .transform((limits): readonly RateLimitSetting[] =>
    limits === "off" ? [] : Array.isArray(limits) ? limits : [limits as RateLimitSetting],
  )
  .superRefine((limits, context) => {
    const names = limits.map(({ name }, i) => name ?? `${i + 1}`);
    const twice = names.findIndex((name, i) => names.indexOf(name) < i);
    if (twice === -1) return;
    const message = `the name ${quoted(names[twice] ?? "")} is there twice`;
    context.addIssue({ code: "custom", path: [twice], message, input: limits });
  });

export const concurrency = z
  .strictObject({
    max: whole.meta({
      form: "number",
      description: "Calls in flight, a stream until its end. With `adaptive` the most there may be.",
    }),
    queue: key(whole, { form: "number", byDefault: 0, description: "Calls that may wait for a place." }),
    queueTimeout: key(time, { form: "duration", byDefault: "1s", description: "How long one may wait." }),
    key: key(expression, {
      form: "text",
      byDefault: "global",
      description: "Who shares the places, as in `rateLimit`.",
    }),
    adaptive: key(z.boolean(), {
      form: "true or false",
      byDefault: false,
      description: "Find the backend's capacity by its latency, between 1 and `max`.",
    }),
  })
  .transform(
    ({ max, queueTimeout, ...limit }): ConcurrencySetting => ({
      max,
      ...defined({ ...limit, queueTimeoutMs: queueTimeout }),
    }),
  )
  .superRefine(judged(compileConcurrency));
