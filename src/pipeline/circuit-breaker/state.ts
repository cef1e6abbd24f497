// When a backend is given time to recover: closed while few calls fail, open when too many did, half open while one call
// tries whether it is better. Source: options.proto CircuitBreakerPolicy; M. Nygard, "Release It!".
//
// Not cockatiel's SamplingBreaker: it reads the wall clock, a threshold of 1 is refused, its window forgets one slot at a
// time however long nothing happened, and a call that is let through and never ends keeps it half open for good.
import type { CircuitBreakerPolicy } from "../flow-policy.ts";
import { SlidingCount } from "../sliding-count.ts";

export type CircuitState = "closed" | "open" | "half_open";

/** What a call says of its backend; `unknown` where it says nothing, such as one that its client has cancelled. */
export type Outcome = "success" | "failure" | "unknown";

export interface CircuitChange {
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** Counts of the window that led to it. */
  readonly calls: number;
  readonly failures: number;
}

export interface CircuitView {
  readonly state: CircuitState;
  /** How long it has been in this state. */
  readonly forMs: number;
  /** Until a call is let through; 0 where one is now. */
  readonly retryAfterMs: number;
  /** Calls in the window that have ended, and those that failed. */
  readonly calls: number;
  readonly failures: number;
}

/** Names the state of the moment in which a call was let through; what a call of an earlier one says is old. */
export type Permit = number;

/** Time that a call must have had before its timeout is the backend's fault, while none has been answered yet. */
const firstTypicalMs = 50;
/** Of the last answer in the typical time. */
const typicalWeight = 0.1;

export class CircuitBreaker {
  readonly #now: () => number;
  readonly #onChange: (change: CircuitChange) => void;
  #policy: CircuitBreakerPolicy;
  #state: CircuitState = "closed";
  #sinceMs: number;
  #permit: Permit = 1;
  /** Calls that are trying, and when the last of them began. */
  #probeCount = 0;
  #probeAtMs = 0;
  #calls: SlidingCount;
  #failures: SlidingCount;
  /** Moving mean of the time until an answer. */
  #typicalMs = firstTypicalMs;

  constructor(
    policy: CircuitBreakerPolicy,
    now: () => number,
    onChange: (change: CircuitChange) => void = () => {},
  ) {
    this.#policy = policy;
    this.#now = now;
    this.#onChange = onChange;
    this.#sinceMs = now();
    this.#calls = new SlidingCount(policy.windowMs, now);
    this.#failures = new SlidingCount(policy.windowMs, now);
  }

  /** Takes the policy of a new snapshot. Its state stays; its counts only where they are of the same window. */
  adopt(policy: CircuitBreakerPolicy): void {
    if (policy.windowMs !== this.#policy.windowMs) {
      this.#calls = new SlidingCount(policy.windowMs, this.#now);
      this.#failures = new SlidingCount(policy.windowMs, this.#now);
    }
    this.#policy = policy;
  }

  /** Lets a call through, or not: undefined. What was let through must be settled. */
  admit(): Permit | undefined {
    if (this.#state === "closed") return this.#permit;
    if (this.retryAfterMs() > 0) return undefined;
    if (this.#state === "open") this.#change("half_open");
    this.#probeCount++;
    this.#probeAtMs = this.#now();
    return this.#permit;
  }

  /** Milliseconds until a call is let through. */
  retryAfterMs(): number {
    if (this.#state === "closed") return 0;
    if (this.#state === "half_open" && this.#probeCount === 0) return 0;
    // A call that tries may never end: after the same time again another one may.
    const startMs = this.#state === "open" ? this.#sinceMs : this.#probeAtMs;
    return Math.max(0, startMs + this.#policy.openMs - this.#now());
  }

  /**
   * The header of a streamed reply has come. A stream may last for days, so that is enough for a call that tries.
   * @returns the permit to settle when the stream ends
   */
  answered(permit: Permit, elapsedMs: number): Permit {
    if (permit !== this.#permit) return permit;
    this.learn(permit, elapsedMs);
    if (this.#state === "half_open") this.#change("closed");
    return this.#permit;
  }

  /** A call has ended. */
  settle(permit: Permit, outcome: Outcome): void {
    if (permit !== this.#permit) return;
    if (this.#state === "half_open") this.#settleProbe(outcome);
    else if (outcome !== "unknown") this.#count(outcome === "failure");
  }

  /** A call was answered after this time. */
  learn(permit: Permit, elapsedMs: number): void {
    if (permit === this.#permit) this.#typicalMs += (elapsedMs - this.#typicalMs) * typicalWeight;
  }

  /**
   * Whether a call that had this time could have been answered in it. A client that wants an answer within a millisecond
   * must not open the circuit for all others.
   */
  isEnoughMs(elapsedMs: number): boolean {
    return elapsedMs >= 2 * this.#typicalMs;
  }

  view(): CircuitView {
    return {
      state: this.#state,
      forMs: this.#now() - this.#sinceMs,
      retryAfterMs: this.retryAfterMs(),
      calls: this.#calls.total(),
      failures: this.#failures.total(),
    };
  }

  #settleProbe(outcome: Outcome): void {
    this.#probeCount--;
    if (outcome !== "unknown") this.#change(outcome === "success" ? "closed" : "open");
  }

  #count(failed: boolean): void {
    this.#calls.add();
    if (failed) this.#failures.add();
    const calls = this.#calls.total();
    const failures = this.#failures.total();
    const { minCalls, failureRatio } = this.#policy;
    if (calls >= minCalls && failures > 0 && failures >= failureRatio * calls) this.#change("open");
  }

  #change(to: CircuitState): void {
    const change = { from: this.#state, to, calls: this.#calls.total(), failures: this.#failures.total() };
    this.#state = to;
    this.#sinceMs = this.#now();
    this.#permit++;
    this.#probeCount = 0;
    // What was counted before it opened says nothing of the backend that has recovered.
    if (to === "closed") {
      this.#calls.clear();
      this.#failures.clear();
    }
    this.#onChange(change);
  }
}
