// Calls that are answered with a stream of messages: pulled, one read ahead, cancelled when the consumer has enough.
// Source: design.md §4 "Streams".
import type { Call, StreamReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type CallSetting, type OpenCall, openCall } from "./grpc-js-call.ts";

/**
 * Sends a call and resolves when the header of its reply has arrived.
 * @throws RpcError the backend's status, where it failed before it sent a header; else `messages` throws it
 */
export function invokeStream(setting: CallSetting, call: Call): Promise<StreamReply> {
  // No closure takes `call`: they live as long as the reply, and the request's message should not.
  const reply = Promise.withResolvers<StreamReply>();
  const trailer = Promise.withResolvers<Header>();
  let answered = false;
  const answer = (header: Header): void => {
    answered = true;
    reply.resolve({ kind: "stream", header, messages, trailer: trailer.promise });
  };
  const open = openCall(setting, call, {
    onHeader: answer,
    onMessage: (message) => messages.arrive(message),
    onEnd(error, received) {
      trailer.resolve(received);
      messages.end(error);
      if (answered) return;
      if (error) reply.reject(error);
      else answer(new Header());
    },
  });
  const messages = new ReplyMessages(open);
  return reply.promise;
}

type Step = IteratorResult<Uint8Array, undefined>;

/**
 * The messages of one reply, for one consumer. An object rather than a generator because a generator cannot be
 * returned while it waits for a message, which is when a client usually goes away.
 */
class ReplyMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #open: OpenCall;
  /** The message that was read ahead. */
  #arrived: Uint8Array | undefined;
  #waiting: PromiseWithResolvers<Step> | undefined;
  #ended = false;
  #error: RpcError | undefined;

  constructor(open: OpenCall) {
    this.#open = open;
  }

  arrive(message: Uint8Array): void {
    if (this.#ended) return;
    if (this.#waiting === undefined) {
      this.#arrived = message;
      return;
    }
    this.#waiting.resolve({ done: false, value: message });
    this.#waiting = undefined;
    this.#open.read();
  }

  end(error: RpcError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#waiting === undefined) {
      this.#error = error;
    } else {
      if (error) this.#waiting.reject(error);
      else this.#waiting.resolve({ done: true, value: undefined });
      this.#waiting = undefined;
    }
  }

  next(): Promise<Step> {
    const message = this.#arrived;
    if (message !== undefined) {
      this.#arrived = undefined;
      if (!this.#ended) this.#open.read();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
    }
    if (this.#waiting) return Promise.reject(new Error("a reply has one consumer"));
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<Step> {
    this.#arrived = undefined;
    this.#error = undefined;
    if (!this.#ended) {
      this.end(undefined);
      this.#open.abort(new RpcError(Code.CANCELLED, "the client wants no more messages"));
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(reason: unknown): Promise<Step> {
    return this.return().then(() => Promise.reject(reason));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
