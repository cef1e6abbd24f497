// The envelope of gRPC, gRPC-Web and Connect streams: one byte of flags, four of length, then the message.
// Sources: gRPC over HTTP/2, "Length-Prefixed-Message"; Connect, "Enveloped-Message"; gRPC-Web, "Message framing".
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type Compression, maxCompressedBytes } from "./compression.ts";
import { PieceList } from "./piece-list.ts";

export const envelopeFlag = {
  /** All protocols. */
  compressed: 0x01,
  /** Connect: the JSON of the end of a stream. */
  endStream: 0x02,
  /** gRPC-Web: the trailer as text. */
  trailer: 0x80,
} as const;

export const envelopePrefixBytes = 5;

/** The message in its envelope, copied once. */
export function encodeEnvelope(flags: number, message: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(envelopePrefixBytes + message.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, envelopePrefixBytes);
  return bytes;
}

/**
 * A reply message in its envelope, compressed where a compression was negotiated and the message is large enough for
 * it to pay. A promise only where there is something to wait for.
 */
export function encodeReplyEnvelope(
  message: Uint8Array,
  compression: Compression | undefined,
  minCompressedBytes: number,
): Uint8Array | Promise<Uint8Array> {
  if (compression === undefined || message.length < minCompressedBytes) return encodeEnvelope(0, message);
  return compression.compress(message).then((bytes) => encodeEnvelope(envelopeFlag.compressed, bytes));
}

export interface EnvelopeOptions {
  /** What messages with the compressed flag are compressed with; undefined = identity. */
  readonly compression: Compression | undefined;
  /** Limit of one message, decompressed; exactly that size passes. */
  readonly maxBytes: number;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };
const nothing = new Uint8Array(0);

/**
 * The messages of a body, decompressed. Pulled by one consumer; `return()` lets go of the body also while a message is
 * awaited, which is when a call usually ends.
 *
 * `next()` throws RpcError RESOURCE_EXHAUSTED for a message beyond the limit (before it is read), INVALID_ARGUMENT for
 * unknown flags and for a body that ends within an envelope, INTERNAL for a compressed message under identity
 * (gRPC "Compression"), and whatever the body throws.
 */
export class EnvelopeReader implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #options: EnvelopeOptions;
  /** Bytes that were read beyond the last envelope. */
  #rest: Uint8Array = nothing;
  #ended = false;

  constructor(body: AsyncIterable<Uint8Array>, options: EnvelopeOptions) {
    this.#body = body[Symbol.asyncIterator]();
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#ended) return done;
    try {
      return await this.#read();
    } catch (reason) {
      await this.return();
      throw reason;
    }
  }

  async return(): Promise<Step> {
    this.#ended = true;
    this.#rest = nothing;
    await this.#body.return?.();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  async #read(): Promise<Step> {
    const { compression, maxBytes } = this.#options;
    if (this.#rest.length < envelopePrefixBytes && !(await this.#fill(envelopePrefixBytes))) return done;
    const flags = this.#rest[0] ?? 0;
    if ((flags & ~envelopeFlag.compressed) !== 0) {
      throw new RpcError(Code.INVALID_ARGUMENT, `invalid envelope flags 0x${flags.toString(16)}`);
    }
    const compressed = (flags & envelopeFlag.compressed) !== 0;
    const length = new DataView(this.#rest.buffer, this.#rest.byteOffset).getUint32(1);
    if (length > (compressed ? maxCompressedBytes(maxBytes) : maxBytes)) {
      throw new RpcError(
        Code.RESOURCE_EXHAUSTED,
        `message of ${length} bytes is larger than the limit of ${maxBytes} bytes`,
      );
    }
    const end = envelopePrefixBytes + length;
    if (this.#rest.length < end && !(await this.#fill(end))) return done;
    const message = this.#rest.subarray(envelopePrefixBytes, end);
    this.#rest = this.#rest.subarray(end);
    if (!compressed) return { done: false, value: message };
    if (compression === undefined) {
      throw new RpcError(Code.INTERNAL, "a message is marked as compressed, but no compression was declared");
    }
    // Some clients mark an empty message as compressed without compressing nothing into something.
    const value = length === 0 ? message : await compression.decompress(message, maxBytes);
    return this.#ended ? done : { done: false, value };
  }

  /**
   * Reads until `count` bytes are there. False where the body ends before an envelope begins, or nobody wants it any
   * more.
   */
  async #fill(count: number): Promise<boolean> {
    const pieces = new PieceList();
    if (this.#rest.length > 0) pieces.push(this.#rest);
    while (pieces.size < count) {
      const step = await this.#body.next();
      if (this.#ended) return false;
      if (step.done) {
        if (pieces.size > 0) throw cut();
        this.#ended = true;
        return false;
      }
      // Empty pieces would pile up without ever making a message.
      if (step.value.length > 0) pieces.push(step.value);
    }
    this.#rest = pieces.take();
    return true;
  }
}

/**
 * The one message of a method that takes one.
 * @throws RpcError UNIMPLEMENTED for none or two (gRPC status codes: "client sent no or several messages"), and what
 *   the reader throws
 */
export async function readSingleMessage(reader: EnvelopeReader): Promise<Uint8Array> {
  const first = await reader.next();
  if (first.done) throw wrongCount("no request message");
  const second = await reader.next();
  if (second.done) return first.value;
  await reader.return();
  throw wrongCount("more than one request message");
}

function wrongCount(what: string): RpcError {
  return new RpcError(Code.UNIMPLEMENTED, `${what} where one is due`);
}

function cut(): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, "the request ends in the middle of a message");
}
