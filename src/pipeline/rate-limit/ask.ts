// Asks stores whether a call may pass a list of limits. All must admit it. Local limits are asked first and in their
// order, since they cost no round trip; the shared ones together after them, so that several are one round trip and one
// timeout. Nobody gives back: where one refuses, what others have admitted stays taken, as in Envoy's rate limit service.
// A client that keeps trying has used up more thereby, and a limit is never exceeded by it.
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { type LimitRule, type LimitStore, StoreUnavailable, type Verdict } from "../../store/limit-store.ts";
import type { LimitKey, RateLimit } from "../flow-policy.ts";
import type { LimitKeyOf } from "../limit-key/compile.ts";
import { boundTokens, encodeToken, shortDigest } from "../limit-key/token.ts";
import { refuse } from "../refusal.ts";
import { appendEntries, formatPolicy, formatState, rateLimitEntries } from "./header.ts";

/**
 * Told of every decision, on the hot path: counts, and does not throw. `admitted: false` of a limit with `dryRun` means
 * that it would have refused. That a store fails is told by the store.
 */
export type RateLimitReport = (limit: RateLimit, admitted: boolean) => void;

export interface RateLimitStores {
  /** Counts here; answers at once. */
  readonly local: LimitStore;
  /** Counts with the other gateways; without it shared limits are counted locally. */
  readonly shared?: LimitStore;
}

/** A limit of one method, with all that is the same for every call. */
export interface CompiledLimit {
  readonly limit: RateLimit;
  readonly rule: LimitRule;
  readonly store: LimitStore;
  readonly local: LimitStore;
  readonly isShared: boolean;
  readonly report: RateLimitReport | undefined;
  /** The key of a call in the store: at most 200 characters of ASCII. */
  readonly keyOf: LimitKeyOf;
  readonly policyText: string;
}

/** One entry per limit: its verdict, or undefined where nobody could be asked and the call passes. */
export type Admission = readonly (Verdict | undefined)[];
type Answer = Verdict | undefined;

export interface CompileLimitOptions {
  /** Tells the counts of one method, or of what shares them, from others'. */
  readonly scopeKey: string;
  readonly stores: RateLimitStores;
  readonly keyOf: (key: LimitKey) => LimitKeyOf;
  readonly report?: RateLimitReport | undefined;
}

/** Names that are still read by a human; with a key of 128 within what a store takes as it is. */
const maxScopeChars = 72;

export function compileLimit(limit: RateLimit, options: CompileLimitOptions): CompiledLimit {
  const { stores, report } = options;
  const { algorithm, requests, perMs, burst, key, cost } = limit;
  const isShared = limit.scope === "shared" && stores.shared !== undefined;
  // Stores tell rules apart by themselves. What a unit is, they do not know.
  const place = [options.scopeKey, limit.name, cost, key.text].map(encodeToken).join("");
  // In Redis a human reads keys; here nobody does, and hashing them is most of what a local limit costs.
  const scope = isShared ? boundTokens(place, maxScopeChars) : shortDigest(place);
  const textOf = options.keyOf(key);
  return {
    limit,
    rule: { algorithm, requests, perMs, burst: algorithm === "sliding_window" ? requests : burst },
    store: (isShared ? stores.shared : undefined) ?? stores.local,
    local: stores.local,
    isShared,
    report,
    keyOf: (call, firstMessage) => scope + textOf(call, firstMessage),
    policyText: formatPolicy(limit),
  };
}

/** Local limits before shared ones, else in their order. */
export function orderLimits(limits: readonly CompiledLimit[]): readonly CompiledLimit[] {
  return [...limits.filter(({ isShared }) => !isShared), ...limits.filter(({ isShared }) => isShared)];
}

/**
 * Takes leave of every limit for one message.
 * @param limits in the order of `orderLimits`
 * @param message what is paid for; of a call that costs one unit any
 * @param keys of the limits, where they are known
 * @returns at once where no store has to be waited for
 * @throws RpcError RESOURCE_EXHAUSTED where a limit refuses, UNAVAILABLE where its store fails and it says so
 */
export function askLimits(
  limits: readonly CompiledLimit[],
  call: Call,
  message: Uint8Array | undefined,
  keys?: readonly string[],
): Admission | Promise<Admission> {
  const answers: (Answer | Promise<Answer>)[] = [];
  let waiting = false;
  try {
    for (let i = 0; i < limits.length; i++) {
      const compiled = limits[i] as CompiledLimit;
      const key = keys?.[i] ?? compiled.keyOf(call, message);
      const answer = take(compiled, key, costOf(compiled.limit, message));
      answers.push(answer);
      if (answer instanceof Promise) waiting = true;
      else if (!judge(compiled, answer)) throw refusal(limits, answers);
    }
  } catch (reason) {
    // Those that are still asked go on, and what they say is of no interest any more.
    for (const other of answers) if (other instanceof Promise) other.catch(() => {});
    throw reason;
  }
  return waiting ? settle(limits, answers) : (answers as Admission);
}

async function settle(
  limits: readonly CompiledLimit[],
  answers: readonly (Answer | Promise<Answer>)[],
): Promise<Admission> {
  const settled = await Promise.all(answers);
  let admitted = true;
  for (const [i, answer] of settled.entries()) {
    // The others were judged when they came.
    if (answers[i] instanceof Promise && !judge(limits[i] as CompiledLimit, answer)) admitted = false;
  }
  if (!admitted) throw refusal(limits, settled);
  return settled;
}

/** An empty message costs a byte: a call that costs nothing would not be limited. */
function costOf({ cost }: RateLimit, message: Uint8Array | undefined): number {
  return cost === "byte" ? Math.max(message?.length ?? 0, 1) : 1;
}

function take(compiled: CompiledLimit, key: string, cost: number): Answer | Promise<Answer> {
  const { store, rule, isShared } = compiled;
  if (!isShared) return store.take(key, rule, cost);
  const onFailure = (reason: unknown) => takeWithoutStore(compiled, key, cost, reason);
  try {
    const verdict = store.take(key, rule, cost);
    return verdict instanceof Promise ? verdict.catch(onFailure) : verdict;
  } catch (reason) {
    return onFailure(reason);
  }
}

function takeWithoutStore(
  { limit, rule, local }: CompiledLimit,
  key: string,
  cost: number,
  cause: unknown,
): Answer | Promise<Answer> {
  // A mistake of ours is no failure of the store, and should not look like a limit that holds.
  if (!(cause instanceof StoreUnavailable)) throw cause;
  // What only watches does not take calls down with its store.
  if (limit.onStoreFailure === "local") return local.take(key, rule, cost);
  if (limit.onStoreFailure === "allow" || limit.dryRun) return undefined;
  throw refuse(Code.UNAVAILABLE, `rate limit "${limit.name}" cannot be checked now`, { cause });
}

/** Whether the call may go on as far as this limit is concerned. */
function judge({ report, limit }: CompiledLimit, answer: Answer): boolean {
  if (answer === undefined) return true;
  report?.(limit, answer.allowed);
  return answer.allowed || limit.dryRun;
}

function refusal(limits: readonly CompiledLimit[], answers: readonly (Answer | Promise<Answer>)[]): RpcError {
  const settled = answers.map((answer) => (answer instanceof Promise ? undefined : answer));
  const refusing = limits.filter(({ limit }, i) => settled[i]?.allowed === false && !limit.dryRun);
  const waits = settled.filter((_, i) => refusing.includes(limits[i] as CompiledLimit));
  const retryAfterMs = Math.max(...waits.map((verdict) => verdict?.retryAfterMs ?? 0));
  const names = refusing.map(({ limit }) => `"${limit.name}" of ${describe(limit)}`).join(" and ");
  const hint = retryAfterMs === Number.POSITIVE_INFINITY ? "; it is more than is ever admitted at once" : "";
  return refuse(Code.RESOURCE_EXHAUSTED, `over the rate limit ${names}${hint}`, {
    retryAfterMs,
    violations: refusing.map(({ limit }) => ({
      subject: subjectOf(limit),
      description: `rate limit "${limit.name}": ${describe(limit)}`,
    })),
    header: appendEntries(new Header(), headerEntries(limits, settled)),
  });
}

/** By what a count is told apart, without the names of headers and fields, which may be nobody's business. */
function subjectOf({ key }: RateLimit): string {
  return key.parts.map(({ kind }) => kind).join(",");
}

const units = { call: "calls", message: "messages", byte: "bytes" } as const;

function describe({ requests, perMs, burst, cost, algorithm }: RateLimit): string {
  const peak = algorithm === "token_bucket" && burst !== requests ? `, ${burst} at once` : "";
  return `${requests} ${units[cost]} per ${perMs / 1000} s${peak}`;
}

/** What the client is told of the limits that hold for it; nothing of those that only watch. */
export function headerEntries(limits: readonly CompiledLimit[], admission: Admission): string[] {
  let policies = "";
  let states = "";
  for (let i = 0; i < limits.length; i++) {
    const { limit, policyText } = limits[i] as CompiledLimit;
    if (limit.dryRun) continue;
    policies = policies === "" ? policyText : `${policies}, ${policyText}`;
    const verdict = admission[i];
    if (verdict === undefined) continue;
    const state = formatState(limit.name, verdict);
    states = states === "" ? state : `${states}, ${state}`;
  }
  return policies === "" ? [] : rateLimitEntries(policies, states);
}
