// Request messages that pay for themselves as they pass. A message that is refused ends the stream with the refusal,
// which ends the call wherever it has got to. Source: design.md §4 "Streams".
import { returnQuietly } from "../../rpc/stream.ts";

/** Takes leave for a message, or for the end of a stream that had none; throws or rejects where there is none. */
export type Admit = (message: Uint8Array | undefined) => unknown;

/** The same messages; `admit` hears of each before it passes, and once without any where the stream ends before the first. */
export function admitMessages(source: AsyncIterable<Uint8Array>, admit: Admit): AsyncIterable<Uint8Array> {
  return new AdmittedMessages(source[Symbol.asyncIterator](), admit);
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** By hand, because a generator cannot be returned while it waits for a message or for leave. */
class AdmittedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #admit: Admit;
  #begun = false;
  #ended = false;

  constructor(source: AsyncIterator<Uint8Array>, admit: Admit) {
    this.#source = source;
    this.#admit = admit;
  }

  async next(): Promise<Step> {
    if (this.#ended) return done;
    const step = await this.#source.next();
    if (this.#ended) return done;
    try {
      if (step.done) {
        this.#ended = true;
        if (!this.#begun) await this.#admit(undefined);
        return done;
      }
      this.#begun = true;
      const leave = this.#admit(step.value);
      if (leave instanceof Promise) await leave;
      // Whoever returned it meanwhile has heard that it is over.
      return this.#ended ? done : { done: false, value: step.value };
    } catch (reason) {
      this.#ended = true;
      returnQuietly(this.#source);
      throw reason;
    }
  }

  async return(): Promise<Step> {
    this.#ended = true;
    await this.#source.return?.();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
