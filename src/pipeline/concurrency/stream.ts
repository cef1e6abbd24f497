// A streamed reply whose end is told, whichever comes first: its last message, its failure, its consumer who has enough,
// its call's signal, its trailer. Source: design.md §4 "Streams".
import type { StreamReply } from "../../rpc/call.ts";

/** @param onEnd called once */
export function withEnd(reply: StreamReply, signal: AbortSignal, onEnd: () => void): StreamReply {
  const messages = new EndedMessages(reply.messages[Symbol.asyncIterator](), signal, onEnd);
  reply.trailer.then(messages.end, messages.end);
  return { kind: "stream", header: reply.header, messages, trailer: reply.trailer };
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** By hand rather than as a generator, which cannot be returned while it waits. */
class EndedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array, unknown>;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  #told = false;
  #returned = false;

  constructor(source: AsyncIterator<Uint8Array, unknown>, signal: AbortSignal, onEnd: () => void) {
    this.#source = source;
    this.#signal = signal;
    this.#onEnd = onEnd;
    if (signal.aborted) this.end();
    else signal.addEventListener("abort", this.end);
  }

  readonly end = (): void => {
    if (this.#told) return;
    this.#told = true;
    this.#signal.removeEventListener("abort", this.end);
    this.#onEnd();
  };

  next(): Promise<Step> {
    return this.#returned ? Promise.resolve(done) : this.#source.next().then(this.#onStep, this.#onFailure);
  }

  readonly #onStep = (step: IteratorResult<Uint8Array, unknown>): Step => {
    if (!step.done && !this.#returned) return step;
    this.end();
    return done;
  };

  readonly #onFailure = (reason: unknown): never => {
    this.end();
    throw reason;
  };

  async return(): Promise<Step> {
    this.#returned = true;
    this.end();
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
