// A streamed reply that may come from a later attempt: until the first message has come, a failure is answered with
// another attempt instead of an error. Source: gRFC A6, which commits a call at the reply's header; here a header
// without metadata does not, since one attempt's is as good as another's and backends send it long before they know.
// What is shown of a header is that of the attempt that was answered first.
import type { Reply, StreamReply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { abortReason, RpcError } from "../../rpc/rpc-error.ts";
import { discardMessages, returnQuietly } from "../../rpc/stream.ts";
import type { Attempt } from "./attempt.ts";

/** The attempts at one call. */
export interface StreamRun {
  /** Resolves with the reply of the first attempt that is answered. */
  open(signal: AbortSignal): Promise<Reply>;
  /** The same after a failure, where there may be another attempt; throws the reason where not. */
  reopen(reason: unknown, signal: AbortSignal): Promise<Reply>;
  /** That whose reply came last. */
  readonly attempt: Attempt | undefined;
}

/** @param signal of the call */
export async function retryStream(run: StreamRun, signal: AbortSignal): Promise<Reply> {
  const reply = await run.open(signal);
  if (reply.kind === "unary") return reply;
  if (reply.header.size > 0) {
    run.attempt?.commit();
    return reply;
  }
  const messages = new RetriedMessages(run, reply, signal);
  return { kind: "stream", header: reply.header, messages, trailer: messages.trailer };
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** An object rather than a generator because a generator cannot be returned while it waits. */
class RetriedMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #trailer = Promise.withResolvers<Header>();
  /** Of the attempt whose reply is read. */
  #iterator: AsyncIterator<Uint8Array, undefined>;
  /** What further attempts need; let go of at the first message, and the request with it. */
  #pending: { readonly run: StreamRun; readonly stop: AbortController } | undefined;
  #reply: StreamReply | undefined;
  #waiting: PromiseWithResolvers<Step> | undefined;
  #ended = false;

  constructor(run: StreamRun, reply: StreamReply, signal: AbortSignal) {
    this.#reply = reply;
    this.#iterator = reply.messages[Symbol.asyncIterator]();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(abortReason(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    this.#pending = { run, stop };
    // Later attempts hear of the call's end by it, and they last as long as their messages.
    void this.trailer.then(() => signal.removeEventListener("abort", onAbort));
  }

  get trailer(): Promise<Header> {
    return this.#trailer.promise;
  }

  next(): Promise<Step> {
    const pending = this.#pending;
    if (pending === undefined) return this.#ended ? Promise.resolve(done) : this.#iterator.next();
    if (this.#waiting) return Promise.reject(new Error("a reply has one consumer"));
    const waiting = Promise.withResolvers<Step>();
    this.#waiting = waiting;
    this.#awaitFirst(pending.run, pending.stop.signal).then(
      (step) => {
        if (this.#ended) return;
        this.#commit();
        waiting.resolve(step);
      },
      (reason) => {
        if (this.#ended) return;
        this.#end();
        waiting.reject(reason);
      },
    );
    return waiting.promise;
  }

  async return(): Promise<Step> {
    if (this.#pending === undefined) {
      this.#ended = true;
      await this.#iterator.return?.();
      return done;
    }
    const waiting = this.#waiting;
    const { stop } = this.#pending;
    this.#end();
    const enough = new RpcError(Code.CANCELLED, "the client wants no more messages");
    // Whichever is at work: the reply, or the wait for the next attempt, or that attempt.
    returnQuietly(this.#iterator);
    stop.abort(enough);
    waiting?.resolve(done);
    return done;
  }

  throw(reason: unknown): Promise<Step> {
    return this.return().then(() => Promise.reject(reason));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The first message, of this attempt or a later one; or the end of a reply that has none. */
  async #awaitFirst(run: StreamRun, signal: AbortSignal): Promise<Step> {
    for (;;) {
      const iterator = this.#iterator;
      try {
        const step = iterator.next();
        return await (run.attempt ? Promise.race([step, run.attempt.ended]) : step);
      } catch (reason) {
        returnQuietly(iterator);
        const reply = await run.reopen(reason, signal);
        if (reply.kind === "unary") throw new Error("a streamed call was answered with one message");
        if (this.#ended) {
          discardMessages(reply);
          return done;
        }
        this.#reply = reply;
        this.#iterator = reply.messages[Symbol.asyncIterator]();
      }
    }
  }

  /** From here on the reply is passed through. */
  #commit(): void {
    this.#pending?.run.attempt?.commit();
    this.#letGo();
  }

  #end(): void {
    this.#ended = true;
    this.#letGo();
  }

  #letGo(): void {
    this.#pending = undefined;
    this.#waiting = undefined;
    const reply = this.#reply;
    this.#reply = undefined;
    // A trailer never rejects; one that never comes must not hold up that of an ended reply.
    if (this.#ended || reply === undefined) this.#trailer.resolve(new Header());
    else this.#trailer.resolve(reply.trailer);
  }
}
