// From what is written of limits, retries, breakers and access to what the interceptors take: defaults filled in, and
// what cannot work told in a sentence. The options of a .proto and the config file are judged by these alone.
// Source: protos/protogate/v1/options.proto (RateLimit, ConcurrencyLimit, RetryPolicy, HedgePolicy, CircuitBreakerPolicy,
// AuthPolicy).
import type {
  AuthPolicy,
  CircuitBreakerPolicy,
  ConcurrencyLimit,
  HedgePolicy,
  LimitKey,
  RateLimit,
  RetryPolicy,
} from "../pipeline/flow-policy.ts";
import { parseLimitKey } from "../pipeline/limit-key/limit-key.ts";
import { Code } from "../rpc/code.ts";
import { shorten } from "../schema/shorten.ts";
import type {
  AuthSetting,
  CircuitBreakerSetting,
  ConcurrencySetting,
  HedgeSetting,
  RateLimitSetting,
  RetrySetting,
  Word,
} from "./flow-settings.ts";
import { formatDuration } from "./flow-text.ts";

/** The longest that a timer can wait, nearly 25 days. */
export const maxTimerMs = 2 ** 31 - 1;
const maxPerMs = 31 * 86_400_000;
/** Numbers above it are not told apart. */
const maxUnits = Number.MAX_SAFE_INTEGER;
const maxUint32 = 2 ** 32 - 1;

/** Builds a policy field by field; of what is told on the way the first counts. */
function attempt<V>(compile: (judge: Judge) => V): V | string {
  const told: string[] = [];
  const refuse = (reason: string): void => void told.push(reason);
  const value = compile({
    refuse,
    need(field, fault, given) {
      if (fault !== undefined) refuse(`${field}: ${fault}`);
      return given;
    },
    word(field, given, words) {
      const known = given === undefined ? words[0] : words.find((candidate) => candidate === given);
      if (known === undefined) refuse(`${field}: ${unknownWord(given)}`);
      return known ?? words[0];
    },
    keyOf(text = "global") {
      const key = parseLimitKey(text);
      if (typeof key !== "string") return key;
      refuse(`key: ${shorten(key, 200)}`);
      return { text, parts: [] };
    },
  });
  return told[0] ?? value;
}

interface Judge {
  refuse(reason: string): void;
  /** The value as it is; the fault, where there is one, is told. */
  need<V>(field: string, fault: string | undefined, value: V): V;
  /** The first word is the default. */
  word<W extends string>(
    field: string,
    value: Word<W> | undefined,
    words: readonly [W, ...(readonly W[])],
  ): W;
  keyOf(text: string | undefined): LimitKey;
}

/** @param place of the limit in its list, from 1: its name where it has none */
export function compileRateLimit(setting: RateLimitSetting, place: number): RateLimit | string {
  return attempt(({ need, word, keyOf, refuse }) => {
    const algorithm = word("algorithm", setting.algorithm, ["token_bucket", "sliding_window"]);
    const requests = need("requests", checkWhole(setting.requests, 1, maxUnits), setting.requests);
    if (setting.burst !== undefined && algorithm === "sliding_window") {
      refuse("a sliding window has no burst");
    }
    const { burst = requests, perMs = 1000, name = `${place}` } = setting;
    return {
      name: need("name", checkLimitName(name), name),
      algorithm,
      requests,
      perMs: need("per", checkDuration(perMs, 1, maxPerMs), perMs),
      burst: need("burst", checkWhole(burst, 1, maxUnits), burst),
      key: keyOf(setting.key),
      cost: word("cost", setting.cost, ["call", "message", "byte"]),
      scope: word("scope", setting.scope, ["local", "shared"]),
      onStoreFailure: word("on_store_failure", setting.onStoreFailure, ["local", "allow", "deny"]),
      dryRun: setting.dryRun ?? false,
    };
  });
}

export function compileConcurrency(setting: ConcurrencySetting): ConcurrencyLimit | string {
  return attempt(({ need, keyOf, refuse }) => {
    const { max, queue = 0, queueTimeoutMs = 1000, adaptive = false } = setting;
    if (max === 0 && queue > 0) refuse("queue without max, which has to be at least 1");
    const key = keyOf(setting.key);
    return {
      max: need("max", checkWhole(max, 1, maxUint32), max),
      queue: need("queue", checkWhole(queue, 0, maxUint32), queue),
      queueTimeoutMs: need("queue_timeout", checkDuration(queueTimeoutMs), queueTimeoutMs),
      key,
      adaptive,
    };
  });
}

export function compileRetry(setting: RetrySetting): RetryPolicy | string {
  return attempt(({ need, refuse }) => {
    const { maxAttempts, initialBackoffMs = 50, backoffMultiplier = 2, budgetRatio = 0.2 } = setting;
    const { maxBackoffMs = Math.max(1000, initialBackoffMs), codes = [Code.UNAVAILABLE] } = setting;
    const policy = {
      maxAttempts: need("max_attempts", checkWhole(maxAttempts, 2, 5), maxAttempts),
      initialBackoffMs: need("initial_backoff", checkDuration(initialBackoffMs), initialBackoffMs),
      maxBackoffMs: need("max_backoff", checkDuration(maxBackoffMs), maxBackoffMs),
      backoffMultiplier: need(
        "backoff_multiplier",
        backoffMultiplier >= 1 && backoffMultiplier <= 1000
          ? undefined
          : `expected a number from 1 to 1000, got ${backoffMultiplier}`,
        backoffMultiplier,
      ),
      codes: new Set(need("codes", checkCodes(codes), codes)),
      budgetRatio: need("budget_ratio", checkRatio(budgetRatio), budgetRatio),
    };
    if (maxBackoffMs < initialBackoffMs) {
      const [most, first] = [formatDuration(maxBackoffMs), formatDuration(initialBackoffMs)];
      refuse(`max_backoff: ${most} is less than the initial_backoff of ${first}`);
    }
    return policy;
  });
}

export function compileHedge(setting: HedgeSetting): HedgePolicy | string {
  return attempt(({ need }) => {
    const { maxAttempts, delayMs, nonFatalCodes = [Code.UNAVAILABLE], budgetRatio = 0.2 } = setting;
    const delayFault = delayMs === undefined ? "expected a duration, got none" : checkDuration(delayMs);
    return {
      maxAttempts: need("max_attempts", checkWhole(maxAttempts, 2, 5), maxAttempts),
      delayMs: need("delay", delayFault, delayMs ?? 0),
      nonFatalCodes: new Set(need("non_fatal_codes", checkCodes(nonFatalCodes), nonFatalCodes)),
      budgetRatio: need("budget_ratio", checkRatio(budgetRatio), budgetRatio),
    };
  });
}

export function compileCircuitBreaker(setting: CircuitBreakerSetting): CircuitBreakerPolicy | string {
  return attempt(({ need }) => {
    const { failureRatio = 0.5, minCalls = 20, windowMs = 10_000, openMs = 5000 } = setting;
    return {
      failureRatio: need("failure_ratio", checkRatio(failureRatio), failureRatio),
      minCalls: need("min_calls", checkWhole(minCalls, 1, maxUint32), minCalls),
      windowMs: need("window", checkDuration(windowMs), windowMs),
      openMs: need("open", checkDuration(openMs), openMs),
    };
  });
}

/** More scopes than this no token has. */
const maxScopes = 64;

export function compileAuth({ public: open, scopes }: AuthSetting): AuthPolicy | string {
  if (open && scopes.length > 0) return "public and scopes contradict each other";
  if (open) return { kind: "public" };
  if (scopes.length > maxScopes) return `${scopes.length} scopes, at most ${maxScopes} are read`;
  // RFC 6749 §3.3.
  const wrong = scopes.find((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope));
  if (wrong === undefined) return { kind: "required", scopes: [...new Set(scopes)] };
  return `scopes: expected printable ASCII without spaces, quotes and backslashes, got ${JSON.stringify(shorten(wrong, 60))}`;
}

/** What is wrong with a name; nothing where it can stand in messages, headers and metrics. */
function checkLimitName(name: string): string | undefined {
  if (/^[\w-]{1,64}$/.test(name)) return undefined;
  return `expected at most 64 letters, digits, \`_\` and \`-\`, got ${JSON.stringify(shorten(name, 60))}`;
}

export function checkWhole(value: number, least: number, most: number): string | undefined {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return undefined;
  const range = most === maxUnits ? `of at least ${least}` : `from ${least} to ${most}`;
  return `expected a whole number ${range}, got ${value > maxUnits ? "more than 2^53" : value}`;
}

export function checkDuration(ms: number, leastMs = 1, mostMs = maxTimerMs): string | undefined {
  if (ms >= leastMs && ms <= mostMs) return undefined;
  const got = Number.isFinite(ms) ? formatDuration(ms) : "what is none";
  return `expected a duration from ${formatDuration(leastMs)} to ${Math.floor(mostMs / 86_400_000)} days, got ${got}`;
}

function checkCodes(codes: readonly number[]): string | undefined {
  const wrong = codes.find(
    (code) => !(Number.isInteger(code) && code > Code.OK && code <= Code.UNAUTHENTICATED),
  );
  if (wrong === undefined) return undefined;
  return wrong === Code.OK ? "OK is no failure" : `${wrong} is no code of gRPC`;
}

function checkRatio(value: number): string | undefined {
  return value > 0 && value <= 1 ? undefined : `expected more than 0 and at most 1, got ${value}`;
}

export function unknownWord(value: string | number | undefined): string {
  return `${value} is no value of its enum that this version of protogate knows`;
}
