// Flow control in words, as /debug/routes shows it: `10 per 1s, burst 20, by header:x-user-id, shared`.
import type {
  AuthPolicy,
  CircuitBreakerPolicy,
  ConcurrencyLimit,
  HedgePolicy,
  LimitKey,
  RateLimit,
  RetryPolicy,
} from "../pipeline/flow-policy.ts";
import { codeName } from "../rpc/code.ts";

const unitMs = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** `30s` for 30000: the shortest text, as the config file has it. */
export function formatDuration(ms: number): string {
  const unit = ms === 0 ? undefined : unitMs.find(([, factor]) => ms % factor === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}

/** `4MiB` for 4194304: the shortest text, as the config file has it. */
export function formatSize(bytes: number): string {
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
  if (bytes > 0 && bytes % 1024 === 0) return `${bytes / 1024}KiB`;
  return `${bytes}`;
}

const units = { call: "", message: " messages", byte: " bytes" } as const;
const failures = {
  local: undefined,
  allow: "all pass without a store",
  deny: "none pass without a store",
} as const;

export function rateLimitText(limit: RateLimit): string {
  const { algorithm, requests, perMs, burst, key, cost, scope, onStoreFailure, dryRun } = limit;
  return words([
    `${requests}${units[cost]} per ${formatDuration(perMs)}`,
    algorithm === "token_bucket" ? burst !== requests && `burst ${burst}` : "sliding window",
    keyText(key),
    scope === "shared" && "shared",
    scope === "shared" && failures[onStoreFailure],
    dryRun && "dry run",
  ]);
}

export function concurrencyText({ max, queue, queueTimeoutMs, key, adaptive }: ConcurrencyLimit): string {
  return words([
    adaptive ? `adaptive, at most ${max}` : `${max}`,
    queue > 0 && `queue ${queue} for ${formatDuration(queueTimeoutMs)}`,
    keyText(key),
  ]);
}

export function retryText(retry: RetryPolicy): string {
  const { maxAttempts, initialBackoffMs, maxBackoffMs, backoffMultiplier, codes, budgetRatio } = retry;
  const backoff = `${formatDuration(initialBackoffMs)} to ${formatDuration(maxBackoffMs)}`;
  return words([
    `${maxAttempts} attempts on ${[...codes].map(codeName).join(" ")}`,
    `backoff ${backoff} by ${backoffMultiplier}`,
    `budget ${percent(budgetRatio)}`,
  ]);
}

export function hedgeText({ maxAttempts, delayMs, nonFatalCodes, budgetRatio }: HedgePolicy): string {
  return words([
    `${maxAttempts} attempts, one each ${formatDuration(delayMs)}`,
    `at once on ${[...nonFatalCodes].map(codeName).join(" ")}`,
    `budget ${percent(budgetRatio)}`,
  ]);
}

export function circuitBreakerText(policy: CircuitBreakerPolicy): string {
  const { failureRatio, minCalls, windowMs, openMs } = policy;
  const calls = `at least ${minCalls} calls in ${formatDuration(windowMs)}`;
  return `${percent(failureRatio)} failures of ${calls}, open for ${formatDuration(openMs)}`;
}

export function authText(policy: AuthPolicy): string {
  if (policy.kind === "public") return "public";
  return words(["required", policy.scopes.length > 0 && `scopes ${policy.scopes.join(" ")}`]);
}

function keyText({ text, parts }: LimitKey): string | false {
  return parts.some(({ kind }) => kind !== "global") && `by ${text}`;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(6))}%`;
}

function words(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => typeof part === "string").join(", ");
}
