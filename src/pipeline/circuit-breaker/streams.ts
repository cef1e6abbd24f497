// Streams that tell how they end: replies, by which a call is judged, and requests, whose failure is not the backend's.
// By hand rather than as generators, which cannot be returned while they wait (design.md §4 "Streams").

/** Told how a stream of replies has ended, the first time counts. `served`: whether it has brought a message. */
export interface StreamJudge {
  end(): void;
  fail(reason: unknown, served: boolean): void;
  /** Its consumer wants no more, or cannot. */
  leave(served: boolean): void;
}

type Step = IteratorResult<Uint8Array, undefined>;

export class JudgedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #inner: AsyncIterator<Uint8Array, undefined>;
  readonly #judge: StreamJudge;
  #served = false;

  constructor(inner: AsyncIterator<Uint8Array, undefined>, judge: StreamJudge) {
    this.#inner = inner;
    this.#judge = judge;
  }

  async next(): Promise<Step> {
    try {
      const step = await this.#inner.next();
      if (step.done) this.#judge.end();
      else this.#served = true;
      return step;
    } catch (reason) {
      this.#judge.fail(reason, this.#served);
      throw reason;
    }
  }

  async return(): Promise<Step> {
    this.#judge.leave(this.#served);
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export class WatchedRequests implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #inner: AsyncIterator<Uint8Array, undefined>;
  readonly #onFailure: (reason: unknown) => void;

  constructor(inner: AsyncIterator<Uint8Array, undefined>, onFailure: (reason: unknown) => void) {
    this.#inner = inner;
    this.#onFailure = onFailure;
  }

  async next(): Promise<Step> {
    try {
      return await this.#inner.next();
    } catch (reason) {
      this.#onFailure(reason);
      throw reason;
    }
  }

  async return(): Promise<Step> {
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
