// One call whose streams are judged: whatever direction is refused ends all of it, for the client with the refusal
// itself rather than with what the backend makes of its broken half, and for the backend by the signal.
// Source: design.md §4 "Streams"; options.proto, StreamLimits.idle_timeout.
import type { Call, Handler, Reply, StreamReply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { maxTimerMs } from "../../rpc/deadline.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { discardMessages } from "../../rpc/stream.ts";
import { JudgedMessages, type MessageJudge, type StreamOwner } from "./messages.ts";

/** What is asked of the streams of a call. */
export interface StreamRules {
  /** Judges the request messages of one call; undefined = they are not looked at. */
  readonly requests?: (() => MessageJudge) | undefined;
  readonly replies?: (() => MessageJudge) | undefined;
  /** The longest time without a message either way; undefined = any. */
  readonly idleTimeoutMs?: number | undefined;
  /** The judges' clock. */
  readonly now: () => number;
}

/**
 * Invokes with the streams of call and reply under rules; messages that are not streamed pass untouched. However the
 * call ends, nothing of it is left: no timer, no listener, no stream that nobody reads.
 * @throws RpcError what a judge has refused; CANCELLED when the streams were idle; the signal's reason
 */
export function invokeJudged(rules: StreamRules, next: Handler, call: Call): Promise<Reply> {
  return new JudgedCall(rules, call.signal).invoke(next, call);
}

class JudgedCall implements StreamOwner {
  readonly now: () => number;
  readonly #rules: StreamRules;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #outcome = Promise.withResolvers<Reply>();
  #requests: JudgedMessages | undefined;
  #replies: JudgedMessages | undefined;
  #settleTrailer: ((trailer: Header) => void) | undefined;
  #over = false;
  #lastMs = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(rules: StreamRules, parent: AbortSignal) {
    this.now = rules.now;
    this.#rules = rules;
    this.#parent = parent;
  }

  invoke(next: Handler, call: Call): Promise<Reply> {
    const { requests, idleTimeoutMs } = this.#rules;
    const { signal } = this.#controller;
    let judged: Call = { ...call, signal };
    if (call.kind === "stream" && (requests !== undefined || idleTimeoutMs !== undefined)) {
      this.#requests = new JudgedMessages(call.messages, requests?.(), this);
      judged = { ...call, signal, messages: this.#requests };
    }
    if (this.#parent.aborted) {
      if (this.#requests === undefined) discardMessages(call);
      this.#end(this.#parent.reason);
      return this.#outcome.promise;
    }
    this.#parent.addEventListener("abort", this.#onAbort);
    if (idleTimeoutMs !== undefined) {
      this.#lastMs = this.now();
      this.#startIdle(idleTimeoutMs);
    }
    try {
      next(judged).then(this.#onReply, this.#onFailure);
    } catch (reason) {
      this.#onFailure(reason);
    }
    return this.#outcome.promise;
  }

  touch(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  fail(reason: RpcError): void {
    this.#end(reason);
  }

  ended(direction: JudgedMessages): void {
    // A client that has said all it has to say still waits for replies.
    if (direction === this.#replies) this.#end();
  }

  readonly #onReply = (reply: Reply): void => {
    if (this.#over) {
      // A reply that comes after all must not go on running with nobody to read it.
      discardMessages(reply);
    } else if (reply.kind === "unary") {
      this.#end();
      this.#outcome.resolve(reply);
    } else {
      this.#outcome.resolve(this.#judgeReply(reply));
    }
  };

  readonly #onFailure = (reason: unknown): void => {
    this.#outcome.reject(reason);
    this.#end();
  };

  readonly #onAbort = (): void => this.#end(this.#parent.reason);

  #judgeReply(reply: StreamReply): StreamReply {
    this.#replies = new JudgedMessages(reply.messages, this.#rules.replies?.(), this);
    const trailer = Promise.withResolvers<Header>();
    this.#settleTrailer = trailer.resolve;
    reply.trailer.then(trailer.resolve, () => trailer.resolve(new Header()));
    return { ...reply, messages: this.#replies, trailer: trailer.promise };
  }

  /** @param reason undefined = the call has the outcome that it has */
  #end(reason?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#idleTimer);
    this.#parent.removeEventListener("abort", this.#onAbort);
    const failure = reason === undefined ? undefined : { reason };
    if (failure !== undefined) {
      this.#outcome.reject(reason);
      this.#settleTrailer?.(new Header());
    }
    this.#replies?.close(failure);
    this.#requests?.close(failure);
    if (failure !== undefined) this.#controller.abort(reason);
  }

  #startIdle(delayMs: number): void {
    this.#idleTimer = setTimeout(this.#onIdleTime, Math.min(Math.ceil(delayMs), maxTimerMs));
  }

  readonly #onIdleTime = (): void => {
    const { idleTimeoutMs = 0 } = this.#rules;
    const nowMs = this.now();
    // A message that waits here is not the peers' silence.
    if (this.#requests?.holds || this.#replies?.holds) this.#lastMs = nowMs;
    const leftMs = this.#lastMs + idleTimeoutMs - nowMs;
    if (leftMs > 0) this.#startIdle(leftMs);
    else this.#end(new RpcError(Code.CANCELLED, `no message either way for ${idleTimeoutMs} ms`));
  };
}
