// How messages and bodies are compressed, and which way a peer is answered. Inflating is bounded: what would grow
// beyond the limit is refused before it is in memory.
// Sources: gRPC "Compression", Connect "Content-Encoding", IANA HTTP content codings; RFC 8878 (zstd), RFC 7932 (br).
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliDecompress,
  constants,
  deflate,
  gunzip,
  gzip,
  inflate,
  zstdCompress,
  zstdDecompress,
} from "node:zlib";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";

export interface Compression {
  /** As in `grpc-encoding` and `content-encoding`: `gzip`. */
  readonly name: string;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * @param maxBytes limit of the result; exactly that size passes
   * @throws RpcError RESOURCE_EXHAUSTED beyond it, INVALID_ARGUMENT where the bytes are not so compressed
   */
  decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

/** What came out, and Node's stream, which knows how much has gone in. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number; info: true }) => Promise<Inflated>;

const gzipAsync = promisify<Uint8Array, Uint8Array>(gzip);
const deflateAsync = promisify<Uint8Array, Uint8Array>(deflate);
const brotliAsync = promisify<Uint8Array, object, Uint8Array>(brotliCompress);
const zstdAsync = promisify<Uint8Array, Uint8Array>(zstdCompress);
const unzstdAsync = promisify<Uint8Array, object, unknown>(zstdDecompress);

/** RFC 9659 §3: the window that a peer may ask of us, 8 MiB; without it a frame of 20 bytes may ask for 128 MiB. */
export const inflateZstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** Node's default for Brotli is 11, which is for files that are compressed once. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** In our order of preference where a client has none. */
export const compressions: ReadonlyMap<string, Compression> = new Map(
  [
    create("gzip", gzipAsync, promisify(gunzip) as unknown as Inflate),
    create(
      "br",
      (bytes) => brotliAsync(bytes, brotliOptions),
      promisify(brotliDecompress) as unknown as Inflate,
    ),
    create("zstd", zstdAsync, ((bytes, options) =>
      unzstdAsync(bytes, { ...options, ...inflateZstdOptions })) as Inflate),
    create("deflate", deflateAsync, promisify(inflate) as unknown as Inflate),
  ].map((compression) => [compression.name, compression]),
);

/** For `grpc-accept-encoding` and its kin. */
export const compressionNames = [...compressions.keys()].join(",");

/**
 * What a peer says that its messages are compressed with: undefined for identity or nothing.
 * @throws RpcError UNIMPLEMENTED, naming what there is
 */
export function resolveCompression(name: string | undefined): Compression | undefined {
  if (name === undefined || name === "" || name === "identity") return undefined;
  const compression = compressions.get(name);
  if (compression !== undefined) return compression;
  throw new RpcError(
    Code.UNIMPLEMENTED,
    `unknown compression ${JSON.stringify(name.slice(0, 40))}: supported are ${compressionNames},identity`,
  );
}

/**
 * Whether `grpc-accept-encoding`, a list without weights, has this compression: gRPC is answered in what the client
 * itself sent, or not compressed.
 */
export function acceptsCompression(accepted: string | undefined, { name }: Compression): boolean {
  if (accepted === undefined) return false;
  return accepted.split(",", maxNameCount).some((entry) => entry.trim().toLowerCase() === name);
}

/**
 * The most that is read of a message which may have `maxBytes` when decompressed: what cannot be compressed grows a
 * little.
 */
export function maxCompressedBytes(maxBytes: number): number {
  return maxBytes + Math.ceil(maxBytes / 256) + 1024;
}

/** More than any client lists; what follows is not looked at. */
const maxNameCount = 16;

function create(
  name: string,
  compress: (bytes: Uint8Array) => Promise<Uint8Array>,
  inflateBytes: Inflate,
): Compression {
  return {
    name,
    compress,
    async decompress(bytes, maxBytes) {
      let inflated: Inflated;
      try {
        // Zero would be "no limit" in disguise: Node refuses it.
        inflated = await inflateBytes(bytes, { maxOutputLength: Math.max(maxBytes, 1), info: true });
      } catch (cause) {
        if (cause instanceof RangeError) throw tooLarge(maxBytes);
        throw new RpcError(Code.INVALID_ARGUMENT, `message is not valid ${name}`, { cause });
      }
      const { buffer, engine } = inflated;
      if (buffer.length > maxBytes) throw tooLarge(maxBytes);
      // Node stops at the end of the compressed data and is silent about the rest, which would be lost.
      if (engine.bytesWritten !== bytes.length) {
        throw new RpcError(Code.INVALID_ARGUMENT, `message goes on after the end of its ${name}`);
      }
      return buffer;
    },
  };
}

function tooLarge(maxBytes: number): RpcError {
  return new RpcError(
    Code.RESOURCE_EXHAUSTED,
    `message is larger than the limit of ${maxBytes} bytes when decompressed`,
  );
}
