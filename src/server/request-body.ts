// A request's body as an async iterator over Node's stream: pulled, one consumer, nothing queued here (Node's stream
// holds at most one window). Written by hand because Readable's own iterator costs several promises per piece.
import type { Readable } from "node:stream";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";

/** Whom the body tells that it waits for the client. */
export interface BodyOwner {
  readonly gone: RpcError | undefined;
  waitForRequest(): void;
  requestMoved(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/** How the shared listeners find the body of a stream without a closure per request. */
const bodyOf = Symbol("body");
type Watched = Readable & { [bodyOf]?: RequestBody };

export class RequestBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: Watched;
  readonly #owner: BodyOwner;
  #sendContinue: (() => void) | undefined;
  #watching = false;
  #ended = false;
  #failure: RpcError | undefined;
  #resolve: ((step: Step) => void) | undefined;
  #reject: ((reason: RpcError) => void) | undefined;

  /** @param sendContinue sends `100 Continue`; called before the first read, so that a refused body is never sent */
  constructor(source: Readable, owner: BodyOwner, sendContinue: (() => void) | undefined) {
    this.#source = source;
    this.#owner = owner;
    this.#sendContinue = sendContinue;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws RpcError CANCELLED when the client goes away before the body is complete */
  next(): Promise<Step> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(done);
    if (this.#resolve !== undefined) {
      return Promise.reject(new RpcError(Code.INTERNAL, "a request body has one consumer"));
    }
    if (!this.#watching) this.#watch();
    const piece: Uint8Array | null = this.#source.read();
    if (piece !== null) return Promise.resolve({ done: false, value: piece });
    if (this.#source.readableEnded) return Promise.resolve(this.#end());
    if (this.#source.destroyed) return Promise.reject(this.#fail());
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#owner.waitForRequest();
    });
  }

  /** The consumer has had enough: the rest is not read, so the client's sending stalls until the answer ends it. */
  return(): Promise<Step> {
    const resolve = this.#resolve;
    this.#end();
    resolve?.(done);
    return Promise.resolve(done);
  }

  throw(reason?: unknown): Promise<Step> {
    this.return();
    return Promise.reject(reason);
  }

  /** Whether the client still holds its body back, waiting for `100 Continue`. */
  get heldBack(): boolean {
    return this.#sendContinue !== undefined;
  }

  /** Reads the rest and drops it, so that the connection can carry the next request. */
  discard(): void {
    this.return();
    this.#source.resume();
  }

  /** The transport has closed: a consumer that waits for more is told. */
  close(): void {
    if (this.#resolve !== undefined) this.#progress();
  }

  #watch(): void {
    this.#watching = true;
    this.#source[bodyOf] = this;
    this.#source
      .on("readable", onProgress)
      .on("end", onProgress)
      .on("close", onProgress)
      .on("error", onProgress);
    const { gone } = this.#owner;
    if (gone !== undefined) return;
    this.#sendContinue?.();
    this.#sendContinue = undefined;
  }

  /** Settles a waiting `next()` if the stream has something to say. */
  #progress(): void {
    const [resolve, reject] = [this.#resolve, this.#reject];
    if (resolve === undefined || reject === undefined) return;
    const piece: Uint8Array | null = this.#source.read();
    if (piece !== null) {
      this.#settle();
      resolve({ done: false, value: piece });
    } else if (this.#source.readableEnded) {
      resolve(this.#end());
    } else if (this.#source.destroyed || this.#owner.gone !== undefined) {
      reject(this.#fail());
    }
  }

  #settle(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#owner.requestMoved();
  }

  #end(): Step {
    this.#ended = true;
    this.#settle();
    this.#unwatch();
    return done;
  }

  #fail(): RpcError {
    this.#failure =
      this.#owner.gone ??
      new RpcError(Code.CANCELLED, "the client went away before its request was complete");
    this.#settle();
    this.#unwatch();
    return this.#failure;
  }

  #unwatch(): void {
    if (!this.#watching) return;
    // "error" stays heard: a stream that fails after we lost interest must not bring the process down.
    this.#source.off("readable", onProgress).off("end", onProgress).off("close", onProgress);
  }

  static progress(body: RequestBody | undefined): void {
    if (body !== undefined) body.#progress();
  }
}

function onProgress(this: Watched): void {
  RequestBody.progress(this[bodyOf]);
}
