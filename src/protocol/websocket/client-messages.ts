// The messages of a client as the stream of a call. By hand rather than as a generator, because a generator cannot be
// returned while it waits for a message, which is when a backend usually ends a call (design.md §4 "Streams").
import { RpcError } from "../../rpc/rpc-error.ts";

/** Told of what the client did wrong, also while nobody waits for its frames; the call ends with that. */
export type OnFailure = (error: RpcError) => void;

export interface MessageSource {
  /** The next message; undefined = the half-close. */
  next(): Promise<Uint8Array | undefined>;
  onHalfClose(): void;
  readonly onFailure: OnFailure;
  /** Nobody wants more: the rest is read and dropped, so that the client's leaving is seen. */
  letGo(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** One consumer. After `return()` nothing that the client does is a failure any more. */
export class ClientMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: MessageSource;
  #ended = false;

  constructor(source: MessageSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#ended) return done;
    try {
      const message = await this.#source.next();
      // Whoever returned us while we waited has let go of the frames.
      if (this.#ended) return done;
      if (message !== undefined) return { done: false, value: message };
    } catch (reason) {
      if (this.#ended) return done;
      this.#end();
      this.#source.onFailure(RpcError.from(reason));
      throw reason;
    }
    this.#ended = true;
    this.#source.onHalfClose();
    return done;
  }

  async return(): Promise<Step> {
    this.#end();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    this.#end();
    throw reason;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#source.letGo();
  }
}
