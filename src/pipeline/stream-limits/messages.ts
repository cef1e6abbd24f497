// One direction of a stream, each message of which is judged before it passes: at once, after a wait, or not at all, and
// then the call ends. Source: design.md §4 "Streams". By hand rather than as a generator, which cannot be returned while
// it waits. A message that passes at once costs one promise, which looking at what another promised cannot do without.
import { maxTimerMs } from "../../rpc/deadline.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";

/** When a message of `bytes` may pass, on the clock of `nowMs`; or why the call ends. */
export interface MessageJudge {
  take(bytes: number, nowMs: number): number | RpcError;
  /** A message that had to wait has passed. */
  pass?(bytes: number, nowMs: number): void;
}

/** The call that a direction is of. */
export interface StreamOwner {
  readonly now: () => number;
  /** A message has arrived or has been handed on. */
  touch(nowMs: number): void;
  /** The call is over, by what this direction has refused. */
  fail(reason: RpcError): void;
  /** This direction has ended, well or by its source's failure, or nobody wants more of it. */
  ended(direction: JudgedMessages): void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/**
 * Pulled by one consumer. `return()` lets go of the source also while a message is awaited or waits; a wait has one
 * timer. A failure from outside reaches a message that waits at once, and a pull when the source has answered, which
 * its `return()` makes it do.
 */
export class JudgedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array, unknown>;
  readonly #judge: MessageJudge | undefined;
  readonly #owner: StreamOwner;
  #ended = false;
  /** What ended it from outside, until the consumer has been told. */
  #failure: { readonly reason: unknown } | undefined;
  #held: HeldMessage | undefined;

  /** @param judge undefined = every message passes */
  constructor(source: AsyncIterable<Uint8Array>, judge: MessageJudge | undefined, owner: StreamOwner) {
    this.#source = source[Symbol.asyncIterator]();
    this.#judge = judge;
    this.#owner = owner;
  }

  /** Whether a message is here and waits. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  next(): Promise<Step> {
    if (this.#ended) return this.#endedStep();
    if (this.#held !== undefined) return Promise.reject(new Error("a stream has one consumer"));
    return this.#source.next().then(this.#onStep, this.#onFailure);
  }

  async return(): Promise<Step> {
    this.#failure = undefined;
    await this.#end();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it from outside: by a failure that the consumer is told, or because the call is over. Idempotent. */
  close(failure?: { readonly reason: unknown }): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.#end().catch(() => {
      // Whoever ended the call has its outcome; how the producer took the news concerns nobody.
    });
  }

  readonly #onStep = (step: IteratorResult<Uint8Array, unknown>): Step | Promise<Step> => {
    if (this.#ended) return this.#endedStep();
    if (step.done) {
      this.#ended = true;
      this.#owner.ended(this);
      return done;
    }
    const nowMs = this.#owner.now();
    this.#owner.touch(nowMs);
    const atMs = this.#judge === undefined ? nowMs : this.#judge.take(step.value.length, nowMs);
    if (typeof atMs !== "number") {
      this.#owner.fail(atMs);
      return this.#endedStep();
    }
    if (atMs <= nowMs) return step;
    this.#held = new HeldMessage(step, atMs, this.#owner.now, (passMs) => {
      this.#held = undefined;
      this.#judge?.pass?.(step.value.length, passMs);
      this.#owner.touch(passMs);
    });
    return this.#held.passed;
  };

  readonly #onFailure = (reason: unknown): Promise<Step> => {
    if (this.#ended) return this.#endedStep();
    this.#ended = true;
    this.#owner.ended(this);
    return Promise.reject(reason);
  };

  #endedStep(): Promise<Step> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve(done) : Promise.reject(failure.reason);
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) held.drop(this.#endedStep());
    this.#owner.ended(this);
    await this.#source.return?.();
  }
}

/** A message that waits for its time. */
class HeldMessage {
  readonly #step: Step;
  readonly #atMs: number;
  readonly #now: () => number;
  readonly #onPass: (nowMs: number) => void;
  readonly #outcome = Promise.withResolvers<Step>();
  #timer: NodeJS.Timeout | undefined;

  constructor(step: Step, atMs: number, now: () => number, onPass: (nowMs: number) => void) {
    this.#step = step;
    this.#atMs = atMs;
    this.#now = now;
    this.#onPass = onPass;
    this.#wait(now());
  }

  get passed(): Promise<Step> {
    return this.#outcome.promise;
  }

  drop(instead: Promise<Step>): void {
    clearTimeout(this.#timer);
    this.#outcome.resolve(instead);
  }

  #wait(nowMs: number): void {
    // Rounded up, as timers cut fractions off, and with them the last part of the wait.
    const leftMs = Math.ceil(this.#atMs - nowMs);
    this.#timer = setTimeout(this.#onTime, Math.min(leftMs, maxTimerMs));
  }

  readonly #onTime = (): void => {
    const nowMs = this.#now();
    // Timers may be early by part of a millisecond, and waits longer than what one can do.
    if (nowMs < this.#atMs) {
      this.#wait(nowMs);
      return;
    }
    this.#onPass(nowMs);
    this.#outcome.resolve(this.#step);
  };
}
