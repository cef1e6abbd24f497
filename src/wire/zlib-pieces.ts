// Bodies that are compressed or inflated while they pass, piece by piece: what comes out is pulled, what goes in is
// pulled only when all that came out has been taken, so that no bomb and no slow reader makes anything pile up.
// Sources: design.md §4 "Streams"; Node's zlib (flush modes, memory of a window); RFC 1950 to 1952, RFC 7932, RFC 8878.
import type { Transform } from "node:stream";
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from "node:zlib";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type Compression, inflateZstdOptions } from "./compression.ts";
import type { BodyPiece } from "./http-message.ts";

/** Node's streams say how much of their input has been used. */
type Zlib = Transform & { readonly bytesWritten: number };

interface StreamCoding {
  /** Every write comes out whole: its reader waits for a message, not for a full block. */
  readonly compress: () => Zlib;
  readonly inflate: () => Zlib;
}

/**
 * Windows are small, since a stream may rest for hours and holds its window all the while; messages of one stream are so
 * alike that more would hardly compress better. Measured on Node 26, resident: gzip and deflate 120 KB, zstd 60 KB. br
 * takes 290 KB from quality 2 on and compresses nothing below, so it is what a client gets who accepts nothing else.
 */
const deflateOptions = { flush: constants.Z_SYNC_FLUSH, windowBits: 12, memLevel: 5, chunkSize: 4096 };
const brotliOptions = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  chunkSize: 4096,
  params: { [constants.BROTLI_PARAM_QUALITY]: 3, [constants.BROTLI_PARAM_LGWIN]: 14 },
};
const zstdOptions = {
  flush: constants.ZSTD_e_flush,
  chunkSize: 4096,
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_windowLog]: 12,
    [constants.ZSTD_c_hashLog]: 10,
  },
};

const codings: ReadonlyMap<string, StreamCoding> = new Map<string, StreamCoding>([
  ["gzip", { compress: () => createGzip(deflateOptions), inflate: () => createGunzip() }],
  ["deflate", { compress: () => createDeflate(deflateOptions), inflate: () => createInflate() }],
  ["br", { compress: () => createBrotliCompress(brotliOptions), inflate: () => createBrotliDecompress() }],
  [
    "zstd",
    {
      compress: () => createZstdCompress(zstdOptions),
      inflate: () => createZstdDecompress(inflateZstdOptions),
    },
  ],
]);

/** A body compressed piece by piece, each to be read as soon as it has come. */
export function compressPieces(
  pieces: AsyncIterable<BodyPiece>,
  compression: Compression,
): AsyncIterableIterator<Uint8Array, undefined> {
  const { compress } = codingOf(compression);
  return new ZlibPieces(pieces, compress, Number.POSITIVE_INFINITY, (cause) => {
    return new RpcError(Code.INTERNAL, `the reply could not be compressed with ${compression.name}`, {
      cause,
    });
  });
}

/**
 * A body inflated as it is pulled. `next()` throws RpcError INVALID_ARGUMENT where it is not so compressed, breaks off or
 * goes on after its end, RESOURCE_EXHAUSTED beyond `maxInputBytes`, and whatever the body throws.
 * @param maxInputBytes limit of the compressed body: what does not inflate to anything would pass every other limit
 */
export function inflatePieces(
  body: AsyncIterable<Uint8Array>,
  compression: Compression,
  maxInputBytes: number,
): AsyncIterableIterator<Uint8Array, undefined> {
  const { inflate } = codingOf(compression);
  return new ZlibPieces(body, inflate, maxInputBytes, () => {
    return new RpcError(Code.INVALID_ARGUMENT, `the body is not valid ${compression.name}`);
  });
}

function codingOf({ name }: Compression): StreamCoding {
  const coding = codings.get(name);
  if (coding === undefined) throw new Error(`${name} has no stream`);
  return coding;
}

type Step = IteratorResult<Uint8Array, undefined>;
const done: Step = { done: true, value: undefined };

class ZlibPieces implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<BodyPiece>;
  readonly #open: () => Zlib;
  readonly #maxInputBytes: number;
  readonly #failed: (cause: unknown) => RpcError;
  /** Opened with the first piece: what nobody reads costs nothing. */
  #zlib: Zlib | undefined;
  #inputBytes = 0;
  /** Whether the last piece has not been taken in whole. */
  #writing = false;
  #sourceEnded = false;
  #zlibEnded = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(
    source: AsyncIterable<BodyPiece>,
    open: () => Zlib,
    maxInputBytes: number,
    failed: (cause: unknown) => RpcError,
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#open = open;
    this.#maxInputBytes = maxInputBytes;
    this.#failed = failed;
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
    if (this.#ended) return done;
    this.#ended = true;
    this.#zlib?.destroy();
    this.#wake?.();
    if (!this.#sourceEnded) await this.#source.return?.();
    return done;
  }

  async throw(reason: unknown): Promise<Step> {
    await this.return();
    throw reason;
  }

  async #read(): Promise<Step> {
    this.#zlib ??= this.#watched();
    const zlib = this.#zlib;
    for (;;) {
      if (this.#error !== undefined) throw this.#failed(this.#error);
      const bytes: Uint8Array | null = zlib.read();
      if (bytes !== null) return { done: false, value: bytes };
      if (this.#zlibEnded) {
        // What follows the end would be lost without a word. (Several bodies in a row are one for gzip and zstd.)
        if (!this.#sourceEnded || zlib.bytesWritten < this.#inputBytes) {
          throw this.#failed(new Error("bytes after the end"));
        }
        this.#ended = true;
        return done;
      }
      if (this.#writing || this.#sourceEnded) await this.#moved();
      else await this.#feed(zlib);
      if (this.#ended) return done;
    }
  }

  async #feed(zlib: Zlib): Promise<void> {
    const step = await this.#source.next();
    if (this.#ended) return;
    if (step.done) {
      this.#sourceEnded = true;
      zlib.end();
      return;
    }
    if (step.value.length === 0) return;
    const bytes = typeof step.value === "string" ? Buffer.from(step.value) : step.value;
    this.#inputBytes += bytes.length;
    if (this.#inputBytes > this.#maxInputBytes) {
      const message = `body is larger than ${this.#maxInputBytes} bytes when compressed`;
      throw new RpcError(Code.RESOURCE_EXHAUSTED, message);
    }
    this.#writing = true;
    zlib.write(bytes, () => {
      this.#writing = false;
      this.#wake?.();
    });
  }

  #watched(): Zlib {
    const wake = (): void => this.#wake?.();
    const zlib = this.#open();
    zlib.on("readable", wake);
    zlib.on("end", () => {
      this.#zlibEnded = true;
      wake();
    });
    zlib.on("error", (error) => {
      this.#error = error;
      wake();
    });
    return zlib;
  }

  /** Resolves when the stream has something to say. */
  async #moved(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
