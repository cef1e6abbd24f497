// The bytes of a body that is base64 text: any number of chunks, each padded on its own, cut into pieces anywhere.
// Source: gRPC-Web protocol, "Text-encoded Streams": a client encodes what it has at hand, padding included.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

/**
 * Pulled by one consumer; `return()` reaches the body also while a piece is awaited. `next()` throws RpcError
 * INVALID_ARGUMENT for what is not base64, and whatever the body throws. The padding at the very end may be missing.
 */
export class Base64Body implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: AsyncIterator<Uint8Array>;
  /** Up to three characters whose fourth has not come yet. */
  #rest = "";
  #ended = false;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    while (!this.#ended) {
      const step = await this.#body.next();
      if (this.#ended) break;
      const text = this.#rest + (step.done ? "" : latin1(step.value));
      if (step.done) this.#ended = true;
      const usable = step.done ? text.length : text.length - (text.length % 4);
      this.#rest = text.slice(usable);
      const value = decodeChunks(text.slice(0, usable));
      if (value === undefined) {
        await this.return();
        throw new RpcError(Code.INVALID_ARGUMENT, "the request's body is not base64");
      }
      if (value.length > 0) return { done: false, value };
    }
    return done;
  }

  async return(): Promise<Step> {
    this.#ended = true;
    this.#rest = "";
    await this.#body.return?.();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }
}

/** Bytes as text, one character each: what is not ASCII is not base64 either. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * Base64 with padding at the end of any group of four; only the last one may be shorter. Undefined where it is not.
 * Written into one buffer, because a chunk may be four characters long and there may be thousands.
 */
function decodeChunks(text: string): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(Math.ceil(text.length / 4) * 3);
  let size = 0;
  for (let at = 0; at < text.length; ) {
    const padding = text.indexOf("=", at);
    const end = padding === -1 ? text.length : padding - (padding % 4) + 4;
    const chunk = text.slice(at, end);
    // A group of four has at most two padding characters, and one character alone says nothing.
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(chunk) || chunk.length % 4 === 1) return undefined;
    if (padding !== -1 && chunk.length % 4 !== 0) return undefined;
    size += bytes.write(chunk, size, "base64");
    at = end;
  }
  return bytes.subarray(0, size);
}
