// Sends a call again before it has failed, where it takes long: the first answer counts and the other attempts are
// cancelled, which cuts the long tail of latencies for a few calls more. Source: gRFC A6 "Hedging Policy"; J. Dean and
// L. A. Barroso, "The Tail at Scale" (2013). A method is hedged or retried, not both.
import type { Call, Handler, Interceptor, Reply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { type MethodInfo, streamsRequests } from "../../rpc/method.ts";
import { abortReason, RpcError } from "../../rpc/rpc-error.ts";
import { discardMessages } from "../../rpc/stream.ts";
import { isCircuitOpen } from "../circuit-breaker/refusal.ts";
import type { HedgePolicy } from "../flow-policy.ts";
import { type Attempt, startAttempt } from "./attempt.ts";
import type { RetryBudget } from "./budget.ts";
import { readPushback } from "./pushback.ts";
import { type Clock, systemClock } from "./timer.ts";

export interface HedgeOptions {
  readonly policy: HedgePolicy;
  readonly method: MethodInfo;
  /** Whether the policy is the method's own, and not that of its service. */
  readonly explicit: boolean;
  /** Of the method; borrowed, since it outlives snapshots. The same as of retries. */
  readonly budget: RetryBudget;
  readonly clock?: Clock;
}

/**
 * Hedging for one method; undefined where it must not be hedged: requests are streamed, or the method may have effects
 * (`idempotency_level` other than NO_SIDE_EFFECTS) and has no policy of its own. A streamed reply is taken with its
 * header; what fails afterwards fails.
 * @throws RpcError the first fatal one, else that of the attempt that failed last
 */
export function createHedgeInterceptor(options: HedgeOptions): Interceptor | undefined {
  const { policy, method, explicit, budget, clock = systemClock } = options;
  if (policy.maxAttempts < 2 || streamsRequests(method.kind)) return undefined;
  if (method.idempotency !== "no_side_effects" && !explicit) return undefined;
  return (next) => (call) => new HedgeRun(policy, budget, clock, next, call).reply;
}

/** The attempts at one call. */
class HedgeRun {
  readonly #policy: HedgePolicy;
  readonly #budget: RetryBudget;
  readonly #clock: Clock;
  readonly #next: Handler;
  readonly #call: Call;
  readonly #reply = Promise.withResolvers<Reply>();
  readonly #running = new Set<Attempt>();
  #startedCount = 0;
  /** Present while a further attempt is to come. */
  #cancelTimer: (() => void) | undefined;
  #lastReason: unknown;
  /** No further attempt: the backend has said so, or there is no budget. */
  #exhausted = false;
  #settled = false;

  constructor(policy: HedgePolicy, budget: RetryBudget, clock: Clock, next: Handler, call: Call) {
    this.#policy = policy;
    this.#budget = budget;
    this.#clock = clock;
    this.#next = next;
    this.#call = call;
    budget.deposit();
    if (call.signal.aborted) this.#onAbort();
    else {
      call.signal.addEventListener("abort", this.#onAbort);
      this.#start();
    }
  }

  get reply(): Promise<Reply> {
    return this.#reply.promise;
  }

  readonly #onAbort = (): void => this.#fail(abortReason(this.#call.signal));

  #start(): void {
    const previousCount = this.#startedCount++;
    const attempt = startAttempt(this.#next, this.#call, {
      previousCount,
      perTryMs: undefined,
      clock: this.#clock,
    });
    this.#running.add(attempt);
    attempt.reply.then(
      (reply) => this.#win(attempt, reply),
      (reason) => this.#lose(attempt, reason),
    );
    this.#schedule(this.#policy.delayMs);
  }

  #schedule(delayMs: number): void {
    this.#unschedule();
    if (this.#exhausted || this.#startedCount >= this.#policy.maxAttempts) return;
    this.#cancelTimer = this.#clock.startTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#startAnother();
      this.#failIfNothingIsLeft();
    });
  }

  #startAnother(): void {
    if (this.#budget.withdraw(this.#policy.budgetRatio)) this.#start();
    else this.#exhausted = true;
  }

  #win(attempt: Attempt, reply: Reply): void {
    this.#running.delete(attempt);
    if (this.#settled) {
      // Two were answered in one moment.
      discardMessages(reply);
      return;
    }
    this.#settle();
    this.#reply.resolve(reply);
  }

  #lose(attempt: Attempt, reason: unknown): void {
    this.#running.delete(attempt);
    if (this.#settled) return;
    this.#lastReason = reason;
    if (reason instanceof RpcError && this.#isNonFatal(reason)) {
      this.#plan(reason);
      this.#failIfNothingIsLeft();
    } else {
      this.#fail(reason);
    }
  }

  #failIfNothingIsLeft(): void {
    if (this.#running.size === 0 && this.#cancelTimer === undefined) this.#fail(this.#lastReason);
  }

  #isNonFatal(reason: RpcError): boolean {
    return isCircuitOpen(reason) || this.#policy.nonFatalCodes.has(reason.code);
  }

  /** What an attempt that failed means for the next one: at once, when the backend says, or never. */
  #plan(reason: RpcError): void {
    const pushback = isCircuitOpen(reason) ? "never" : readPushback(reason.trailer);
    if (pushback === "never" || !this.#fits(pushback)) {
      this.#exhausted = true;
      this.#unschedule();
    } else if (pushback !== "unsaid") {
      this.#schedule(pushback);
    } else if (!this.#exhausted && this.#startedCount < this.#policy.maxAttempts) {
      this.#unschedule();
      this.#startAnother();
    }
  }

  #fits(pushback: number | "unsaid"): boolean {
    const { deadline } = this.#call;
    return pushback === "unsaid" || !deadline || this.#clock.now() + pushback < deadline.atMs;
  }

  #fail(reason: unknown): void {
    this.#settle();
    this.#reply.reject(reason);
  }

  /** The call has its outcome: whatever still runs is cancelled. */
  #settle(): void {
    this.#settled = true;
    this.#unschedule();
    this.#call.signal.removeEventListener("abort", this.#onAbort);
    const answered = new RpcError(Code.CANCELLED, "another attempt has decided the call");
    for (const attempt of this.#running) attempt.abandon(answered);
    this.#running.clear();
  }

  #unschedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
