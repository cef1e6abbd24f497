// The frames of a WebSocket as an async iterator: pulled by one consumer. While nobody waits for a frame the socket is
// not read, so what is held here is at most what one read of the socket brought, and the peer's sending stalls.
// Law of streams: design.md §4.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { WebSocketFrame } from "../wire/websocket-channel.ts";

type Step = IteratorResult<WebSocketFrame, undefined>;
const done: Step = { done: true, value: undefined };

/** What makes the socket read, or not. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export class WebSocketFrames implements AsyncIterableIterator<WebSocketFrame, undefined> {
  readonly #flow: Flow;
  #held: WebSocketFrame[] = [];
  #ended = false;
  #discarding = false;
  #resolve: ((step: Step) => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#resolve !== undefined) {
      return Promise.reject(new RpcError(Code.INTERNAL, "the frames of a WebSocket have one consumer"));
    }
    const frame = this.#held.shift();
    if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#flow.resume();
    });
  }

  /** The consumer has had enough: what still comes is dropped, so that the peer's close is seen. */
  return(): Promise<Step> {
    this.discard();
    return Promise.resolve(done);
  }

  throw(reason?: unknown): Promise<Step> {
    this.discard();
    return Promise.reject(reason);
  }

  push(frame: WebSocketFrame): void {
    if (this.#discarding) return;
    const resolve = this.#resolve;
    if (resolve !== undefined) {
      this.#resolve = undefined;
      resolve({ done: false, value: frame });
      return;
    }
    this.#held.push(frame);
    this.#flow.pause();
  }

  /** The peer sends no more; what is held can still be pulled. */
  end(): void {
    this.#ended = true;
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(done);
  }

  discard(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.#held = [];
    this.end();
    this.#flow.resume();
  }
}
