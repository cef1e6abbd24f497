// A clock that only tests move, its timers, and streams that are told what to do and remember what was done to them.
import { type MockTracker, mock } from "node:test";
import {
  type DirectionLimits,
  type StreamLimits,
  unlimitedDirection,
} from "../../../src/pipeline/flow-policy.ts";
import type { Call, Handler, Reply } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";

/** `performance.now` and `setTimeout` in step, and how many timers are running. */
export class FakeClock implements Disposable {
  readonly #timers: MockTracker["timers"];
  readonly #running = new Set<unknown>();
  #nowMs = 1_000_000;
  started = 0;
  longestMs = 0;

  constructor() {
    this.#timers = mock.timers;
    this.#timers.enable({ apis: ["setTimeout"] });
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const counted = (callback: () => void, delayMs?: number): unknown => {
      this.started++;
      this.longestMs = Math.max(this.longestMs, delayMs ?? 0);
      const timer = set(() => {
        this.#running.delete(timer);
        callback();
      }, delayMs);
      this.#running.add(timer);
      return timer;
    };
    globalThis.setTimeout = counted as typeof setTimeout;
    globalThis.clearTimeout = ((timer: NodeJS.Timeout | undefined) => {
      this.#running.delete(timer);
      clear(timer);
    }) as typeof clearTimeout;
  }

  readonly now = (): number => this.#nowMs;

  get running(): number {
    return this.#running.size;
  }

  /** Lets time pass in steps, and everything happen that was to happen before and that follows from each. */
  async advance(ms: number, stepMs = ms): Promise<void> {
    await settled();
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.#nowMs += stepMs;
      this.#timers.tick(stepMs);
      await settled();
    }
  }

  [Symbol.dispose](): void {
    this.#timers.reset();
  }
}

/** Everything that promises have to do is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Step = IteratorResult<Uint8Array, undefined>;

/** A stream whose messages, end or failure come when the test says so. Keeps the laws: `return()` settles a pull. */
export class PushSource implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #queue: Step[] = [];
  #failure: { readonly reason: unknown } | undefined;
  #waiting: PromiseWithResolvers<Step> | undefined;
  pulls = 0;
  returns = 0;
  ended = false;

  push(...messages: readonly Uint8Array[]): void {
    for (const value of messages) this.#give({ done: false, value });
  }

  end(): void {
    this.#give({ done: true, value: undefined });
  }

  fail(reason: unknown): void {
    if (this.ended) return;
    if (this.#waiting === undefined) {
      this.#failure = { reason };
      return;
    }
    this.ended = true;
    this.#waiting.reject(reason);
    this.#waiting = undefined;
  }

  next(): Promise<Step> {
    this.pulls++;
    const step = this.#queue.shift();
    if (step !== undefined) return Promise.resolve(this.#note(step));
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#failure !== undefined) {
      this.ended = true;
      return Promise.reject(this.#failure.reason);
    }
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<Step> {
    this.returns++;
    this.ended = true;
    this.#queue.length = 0;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(step: Step): void {
    if (this.ended) return;
    if (this.#waiting === undefined) {
      this.#queue.push(step);
      return;
    }
    this.#waiting.resolve(this.#note(step));
    this.#waiting = undefined;
  }

  #note(step: Step): Step {
    if (step.done) this.ended = true;
    return step;
  }
}

/** A backend that does nothing by itself: the test pulls its requests and gives its replies. */
export class ScriptedBackend {
  readonly replies = new PushSource();
  readonly trailer = Promise.withResolvers<Header>();
  readonly #reply = Promise.withResolvers<Reply>();
  call: Call | undefined;
  /** What it has answered with first. */
  outcome: "stream" | "unary" | "failure" | undefined;

  readonly handler: Handler = (call) => {
    this.call = call;
    return this.#reply.promise;
  };

  /** The iterator of the requests, as the backend gets them. */
  requests(): AsyncIterator<Uint8Array> {
    if (this.call?.kind !== "stream") throw new Error("no stream of requests has come");
    return this.call.messages[Symbol.asyncIterator]();
  }

  answer(): void {
    this.outcome ??= "stream";
    const { replies: messages, trailer } = this;
    this.#reply.resolve({ kind: "stream", header: new Header(), messages, trailer: trailer.promise });
  }

  answerUnary(message: Uint8Array = new Uint8Array()): void {
    this.outcome ??= "unary";
    this.#reply.resolve({ kind: "unary", header: new Header(), message, trailer: new Header() });
  }

  fail(reason: unknown): void {
    this.outcome ??= "failure";
    this.#reply.reject(reason);
  }
}

export interface LimitParts {
  readonly requests?: Partial<DirectionLimits>;
  readonly replies?: Partial<DirectionLimits>;
  readonly idleTimeoutMs?: number;
  readonly maxDurationMs?: number;
}

export function limitsOf(parts: LimitParts): StreamLimits {
  return {
    requests: { ...unlimitedDirection, ...parts.requests },
    replies: { ...unlimitedDirection, ...parts.replies },
    idleTimeoutMs: parts.idleTimeoutMs,
    maxDurationMs: parts.maxDurationMs,
  };
}

export interface Watched<T> {
  readonly promise: Promise<T>;
  state: "pending" | "fulfilled" | "rejected";
  value: T | undefined;
  reason: unknown;
}

/** A promise whose state can be seen, and which nobody need handle. */
export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: Watched<T> = { promise, state: "pending", value: undefined, reason: undefined };
  promise.then(
    (value) => Object.assign(watched, { state: "fulfilled", value }),
    (reason: unknown) => Object.assign(watched, { state: "rejected", reason }),
  );
  return watched;
}
