// The body of a streamed reply: one envelope per message, and what the protocol ends it with. It never throws: what the
// messages fail with is the end of the call, which the protocol writes where its clients look for it.
// Sources: gRPC over HTTP/2, "Responses"; gRPC-Web, "Message framing"; Connect, "EndStreamResponse".
import { RpcError } from "../rpc/rpc-error.ts";
import type { Compression } from "./compression.ts";
import { encodeReplyEnvelope } from "./envelope.ts";

export interface ReplyEnvelopeOptions {
  /** A message in the codec of the client. */
  readonly encode: (message: Uint8Array) => Uint8Array;
  /** What messages are compressed with; undefined = identity. */
  readonly compression: Compression | undefined;
  readonly minCompressedBytes: number;
  /**
   * Told once how the messages have ended, unless the client went away first; what it returns is the last piece of the
   * body. Must not throw.
   */
  readonly end: (error: RpcError | undefined) => Promise<Uint8Array | undefined>;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** Pulled by one consumer; `return()` lets go of the messages also while one is awaited. */
export class ReplyEnvelopes implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #messages: AsyncIterator<Uint8Array>;
  readonly #options: ReplyEnvelopeOptions;
  #ended = false;

  constructor(messages: AsyncIterable<Uint8Array>, options: ReplyEnvelopeOptions) {
    this.#messages = messages[Symbol.asyncIterator]();
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#ended) return done;
    const { encode, compression, minCompressedBytes, end } = this.#options;
    let failure: RpcError | undefined;
    try {
      const step = await this.#messages.next();
      if (this.#ended) return done;
      if (!step.done) {
        const bytes = encodeReplyEnvelope(encode(step.value), compression, minCompressedBytes);
        return { done: false, value: bytes instanceof Uint8Array ? bytes : await bytes };
      }
    } catch (reason) {
      if (this.#ended) return done;
      failure = RpcError.from(reason);
      // Where it was not the messages that failed but what we make of them, there may be more.
      void this.#letGo();
    }
    this.#ended = true;
    const value = await end(failure);
    return value === undefined ? done : { done: false, value };
  }

  async return(): Promise<Step> {
    if (!this.#ended) {
      this.#ended = true;
      await this.#letGo();
    }
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  async #letGo(): Promise<void> {
    try {
      await this.#messages.return?.();
    } catch {
      // The call has its end already; how its producer took the news concerns nobody.
    }
  }
}
