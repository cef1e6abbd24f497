// The body of a streamed reply: each message in its envelope when it is pulled, then the end of the stream.
// An object rather than a generator, because a generator cannot be returned while it waits for a message, which is when
// a client usually goes away.
import type { StreamReply } from "../../rpc/call.ts";

export interface StreamBodyOptions {
  /** @throws RpcError INTERNAL when the bytes are not the message that the schema says */
  readonly encode: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** The last envelope, from the trailer and from what the messages, or `encode`, failed with. */
  readonly end: (reply: StreamReply) => Promise<Uint8Array>;
  readonly fail: (reason: unknown) => Uint8Array;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

export class StreamBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reply: StreamReply;
  readonly #messages: AsyncIterator<Uint8Array>;
  readonly #options: StreamBodyOptions;
  #ended = false;

  constructor(reply: StreamReply, options: StreamBodyOptions) {
    this.#reply = reply;
    this.#messages = reply.messages[Symbol.asyncIterator]();
    this.#options = options;
  }

  async next(): Promise<Step> {
    if (this.#ended) return done;
    try {
      const step = await this.#messages.next();
      if (this.#ended) return done;
      if (!step.done) return { done: false, value: await this.#options.encode(step.value) };
      this.#ended = true;
      return { done: false, value: await this.#options.end(this.#reply) };
    } catch (reason) {
      if (this.#ended) return done;
      this.#ended = true;
      void returnQuietly(this.#messages);
      return { done: false, value: this.#options.fail(reason) };
    }
  }

  async return(): Promise<Step> {
    this.#ended = true;
    await this.#messages.return?.();
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

async function returnQuietly(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream has its outcome already.
  }
}
