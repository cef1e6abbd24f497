// Tries a call again where the backend failed in one of the policy's codes and has sent no message yet.
// Source: gRFC A6 (codes, backoff, pushback, `grpc-previous-rpc-attempts`); options.proto RetryPolicy.
//
// Calls that stream requests are never tried again: a transport pulls the first request as soon as it has a call, and
// what was pulled is gone, because nothing here buffers a stream. What a backend certainly never saw (a connection that
// refused the stream) is tried again by the transport itself, whatever the policy.
import type { Call, Handler, Interceptor, Reply } from "../../rpc/call.ts";
import type { Code } from "../../rpc/code.ts";
import { type MethodInfo, streamsRequests } from "../../rpc/method.ts";
import { abortReason, RpcError } from "../../rpc/rpc-error.ts";
import { isCircuitOpen } from "../circuit-breaker/refusal.ts";
import type { RetryPolicy } from "../flow-policy.ts";
import { type Attempt, startAttempt, withPreviousAttempts } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import type { RetryBudget } from "./budget.ts";
import { readPushback } from "./pushback.ts";
import { retryStream } from "./stream.ts";
import { type Clock, sleep, systemClock } from "./timer.ts";

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly method: MethodInfo;
  /** Whether the policy is the method's own, by its option or by a selector of the config, and not that of its service. */
  readonly explicit: boolean;
  /**
   * How long one attempt may take, in milliseconds; of a stream, until its first message. An attempt that takes longer is
   * tried again whatever the policy's codes.
   */
  readonly perTryMs?: number | undefined;
  /** Of the method; borrowed, since it outlives snapshots. */
  readonly budget: RetryBudget;
  readonly clock?: Clock;
  /** As `Math.random`, which is the default. */
  readonly random?: () => number;
  /** Told of each retry, and of each call that is not tried again though its code is one of the policy's. */
  readonly report?: (event: RetryEvent) => void;
}

export type RetryEvent =
  | { readonly kind: "retry"; readonly code: Code; readonly waitMs: number }
  | { readonly kind: "end"; readonly code: Code; readonly reason: RetryEnd };

/** Why there is no further attempt: none is left, the backend, the time, or the budget does not allow it. */
export type RetryEnd = "attempts" | "pushback" | "deadline" | "budget";

/**
 * Retries for one method; undefined where it is not to be tried again: requests are streamed, or the method has neither
 * an `idempotency_level` nor a policy of its own.
 * @throws RpcError that of the last attempt; the signal's reason where it is aborted meanwhile
 */
export function createRetryInterceptor(options: RetryOptions): Interceptor | undefined {
  const { policy, method, explicit } = options;
  if (policy.maxAttempts < 2 || streamsRequests(method.kind)) return undefined;
  if (method.idempotency === "unknown" && !explicit) return undefined;
  const setting: RetrySetting = {
    ...options,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  if (method.kind === "unary") return (next) => (call) => new RetryRun(setting, next, call).open(call.signal);
  return (next) => (call) => {
    const run = new RetryRun(setting, next, call);
    return retryStream(run, call.signal);
  };
}

type RetrySetting = RetryOptions & Required<Pick<RetryOptions, "clock" | "random">>;

/** The attempts at one call. */
class RetryRun {
  readonly #setting: RetrySetting;
  readonly #next: Handler;
  readonly #call: Call;
  #attemptCount = 0;
  /** Retries since the backend has last said when to come; A6 begins anew then. */
  #backoffCount = 0;
  /** Absent where attempts need no time and no signal of their own. */
  attempt: Attempt | undefined;

  constructor(setting: RetrySetting, next: Handler, call: Call) {
    this.#setting = setting;
    this.#next = next;
    this.#call = call;
    setting.budget.deposit();
  }

  /**
   * Attempts until one is answered.
   * @param signal the call's, or one that is aborted with it
   */
  async open(signal: AbortSignal): Promise<Reply> {
    for (;;) {
      try {
        return await this.#start(signal);
      } catch (reason) {
        await this.#pause(reason, signal);
      }
    }
  }

  /** The same after an attempt that was answered and failed before its first message. */
  async reopen(reason: unknown, signal: AbortSignal): Promise<Reply> {
    await this.#pause(reason, signal);
    return this.open(signal);
  }

  #start(signal: AbortSignal): Promise<Reply> {
    const { perTryMs, clock, method } = this.#setting;
    const previousCount = this.#attemptCount++;
    const call = signal === this.#call.signal ? this.#call : { ...this.#call, signal };
    if (perTryMs !== undefined || method.kind !== "unary") {
      this.attempt = startAttempt(this.#next, call, { previousCount, perTryMs, clock });
      return this.attempt.reply;
    }
    if (previousCount === 0) return this.#next(call);
    return this.#next({ ...call, header: withPreviousAttempts(call.header, previousCount) });
  }

  /** Waits until the next attempt is due. @throws the reason itself where there is none */
  async #pause(reason: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    if (!(reason instanceof RpcError) || !this.#isRetryable(reason)) throw reason;
    const { code } = reason;
    const { report, clock } = this.#setting;
    const waitMs = this.#decideWait(reason);
    if (typeof waitMs === "string") {
      report?.({ kind: "end", code, reason: waitMs });
      throw reason;
    }
    report?.({ kind: "retry", code, waitMs });
    if (waitMs === 0) return;
    await sleep(clock, waitMs, signal).catch(() => {
      throw abortReason(signal);
    });
  }

  #isRetryable(reason: RpcError): boolean {
    if (isCircuitOpen(reason)) return false;
    return this.#setting.policy.codes.has(reason.code) || this.attempt?.expired(reason) === true;
  }

  /** Milliseconds, or why there is no further attempt. The budget is asked last, since asking takes from it. */
  #decideWait(reason: RpcError): number | RetryEnd {
    const { policy, clock, random, budget } = this.#setting;
    if (this.#attemptCount >= policy.maxAttempts) return "attempts";
    const pushback = readPushback(reason.trailer);
    if (pushback === "never") return "pushback";
    const waitMs = pushback === "unsaid" ? backoffMs(policy, this.#backoffCount + 1, random) : pushback;
    const { deadline } = this.#call;
    if (deadline !== undefined && clock.now() + waitMs >= deadline.atMs) return "deadline";
    if (!budget.withdraw(policy.budgetRatio)) return "budget";
    this.#backoffCount = pushback === "unsaid" ? this.#backoffCount + 1 : 0;
    return waitMs;
  }
}
