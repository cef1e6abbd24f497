// The reply of a gateway's own stream: its messages are pulled one at a time, and end with the call's signal or when
// the consumer has had enough, also while a message is awaited. Source: design.md §4 "Streams".
import type { StreamReply } from "../rpc/call.ts";
import { Header } from "../rpc/header.ts";

export interface MessageProducer {
  /** The next message; `undefined` at the end. Not called again before it has answered. */
  pull(): Promise<Uint8Array | undefined>;
  /** Called once when the stream has ended, however it did, also while a pull is pending. */
  stop(): void;
}

/** @param signal of the call; the messages fail with its reason */
export function createStreamReply(producer: MessageProducer, signal: AbortSignal): StreamReply {
  const messages = new ProducedMessages(producer, signal);
  return { kind: "stream", header: new Header(), messages, trailer: messages.trailer };
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** An object rather than a generator because a generator cannot be returned while it waits. */
class ProducedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #producer: MessageProducer;
  readonly #signal: AbortSignal;
  readonly #trailer = Promise.withResolvers<Header>();
  readonly #onAbort = (): void => this.#end({ reason: this.#signal.reason });
  #waiting: PromiseWithResolvers<Step> | undefined;
  #ended = false;
  /** Of a stream that failed while nobody was waiting. */
  #failure: { readonly reason: unknown } | undefined;

  constructor(producer: MessageProducer, signal: AbortSignal) {
    this.#producer = producer;
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
  }

  get trailer(): Promise<Header> {
    return this.#trailer.promise;
  }

  next(): Promise<Step> {
    if (this.#ended) {
      const failure = this.#failure;
      this.#failure = undefined;
      return failure === undefined ? Promise.resolve(done) : Promise.reject(failure.reason);
    }
    if (this.#waiting !== undefined) return Promise.reject(new Error("a reply has one consumer"));
    const waiting = Promise.withResolvers<Step>();
    this.#waiting = waiting;
    this.#producer.pull().then(
      (message) => {
        if (this.#ended) return;
        if (message === undefined) return this.#end();
        this.#waiting = undefined;
        waiting.resolve({ done: false, value: message });
      },
      (reason: unknown) => this.#end({ reason }),
    );
    return waiting.promise;
  }

  return(): Promise<Step> {
    this.#failure = undefined;
    this.#end();
    return Promise.resolve(done);
  }

  throw(reason: unknown): Promise<Step> {
    return this.return().then(() => Promise.reject(reason));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(failure?: { readonly reason: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#failure = failure;
    else if (failure === undefined) waiting.resolve(done);
    else waiting.reject(failure.reason);
    this.#producer.stop();
    this.#trailer.resolve(new Header());
  }
}
