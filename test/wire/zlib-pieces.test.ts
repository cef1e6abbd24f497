import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { type Compression, compressions } from "../../src/wire/compression.ts";
import { compressPieces, inflatePieces } from "../../src/wire/zlib-pieces.ts";
import { collect } from "../protocol/rest/pieces.ts";

const all = [...compressions.values()];
const unlimited = Number.POSITIVE_INFINITY;

/** Pieces that are there, counted when they are pulled. */
class Source implements AsyncIterableIterator<Uint8Array, undefined> {
  pulledCount = 0;
  returned = false;
  readonly #pieces: readonly Uint8Array[];

  constructor(pieces: readonly (string | Uint8Array)[]) {
    this.#pieces = pieces.map((piece) => Buffer.from(piece));
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#pieces[this.pulledCount];
    if (value === undefined) return { done: true, value: undefined };
    this.pulledCount++;
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.returned = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

async function inflateAll(compression: Compression, pieces: readonly Uint8Array[]): Promise<Buffer> {
  return Buffer.concat(await collect(inflatePieces(new Source(pieces), compression, unlimited)));
}

for (const compression of all) {
  const { name } = compression;

  test(`${name}: what is compressed piece by piece inflates to the same, however it is cut`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (pieces, size) => {
          const compressed = Buffer.concat(await collect(compressPieces(new Source(pieces), compression)));
          const whole = Buffer.concat(pieces);
          assert.deepEqual(await inflateAll(compression, cut(compressed, size)), whole);
          assert.deepEqual(Buffer.from(await compression.decompress(compressed, 10_000)), whole);
        },
      ),
      { numRuns: 20 },
    );
  });

  test(`${name}: a message comes out before the next one goes in`, async () => {
    const source = new Source(["first message\n", "second message\n"]);
    const compressed = compressPieces(source, compression);
    const inflated = inflatePieces(compressed, compression, unlimited);
    let text = "";
    while (!text.endsWith("\n")) {
      const step = await inflated.next();
      assert.ok(step.done !== true);
      text += Buffer.from(step.value).toString();
    }
    assert.equal(text, "first message\n");
    assert.equal(source.pulledCount, 1);
    await inflated.return?.();
    assert.equal(source.returned, true);
  });

  test(`${name}: a bomb comes out at the pace of its reader, and what is left of it never does`, async () => {
    const bomb = cut(await compression.compress(Buffer.alloc(50_000_000)), 100);
    const source = new Source(bomb);
    let size = 0;
    for await (const piece of inflatePieces(source, compression, unlimited)) {
      assert.ok(piece.length <= 100_000);
      size += piece.length;
      if (size > 1_000_000) break;
    }
    assert.ok(size < 1_200_000, `${size}`);
    assert.ok(source.returned || source.pulledCount === bomb.length);
  });

  const text = Buffer.from("some text, ".repeat(500));
  test(`${name}: what is no such body is the client's mistake`, async () => {
    const compressed = Buffer.from(await compression.compress(text));
    const flipped = Buffer.from(compressed);
    flipped.fill(0xff, 4, 12);
    for (const [what, bytes] of [
      ["corrupt", flipped],
      ["something else", Buffer.from("{}")],
      ["truncated", compressed.subarray(0, -5)],
      ["empty", new Uint8Array(0)],
      ["followed by something else", Buffer.concat([compressed, Buffer.from("and more of it")])],
    ] as const) {
      for (const size of [1, 10_000]) {
        await assert.rejects(
          inflateAll(compression, cut(bytes, size)),
          (reason) => reason instanceof RpcError && reason.code === Code.INVALID_ARGUMENT,
          `${what}, in pieces of ${size}`,
        );
      }
    }
  });

  test(`${name}: a body that has an end of its own inside a piece is read to it`, async () => {
    const compressed = await compression.compress(text);
    assert.deepEqual(await inflateAll(compression, [compressed]), text);
  });

  test(`${name}: a body may be limited by what comes in`, async () => {
    const compressed = await compression.compress(text);
    const pieces = inflatePieces(new Source(cut(compressed, 10)), compression, compressed.length - 1);
    await assert.rejects(
      collect(pieces),
      (reason) => reason instanceof RpcError && reason.code === Code.RESOURCE_EXHAUSTED,
    );
    const exact = inflatePieces(new Source(cut(compressed, 10)), compression, compressed.length);
    assert.deepEqual(Buffer.concat(await collect(exact)), text);
  });

  test(`${name}: a body that fails says so itself, and one that is returned while awaited ends`, async () => {
    const failure = new RpcError(Code.CANCELLED, "gone");
    const failing = (async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(0);
      throw failure;
    })();
    await assert.rejects(collect(inflatePieces(failing, compression, unlimited)), failure);

    let release: (() => void) | undefined;
    const waiting: AsyncIterableIterator<Uint8Array, undefined> = {
      next: () =>
        new Promise((resolve) => {
          release = () => resolve({ done: true, value: undefined });
        }),
      return: async () => {
        release?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const pieces = compressPieces(waiting, compression);
    const pending = pieces.next();
    await pieces.return?.();
    assert.equal((await pending).done, true);
  });
}

test("a zstd frame that asks for a window of 128 MiB is refused, as a body and as a message", async () => {
  const zstd = compressions.get("zstd");
  assert.ok(zstd);
  // RFC 8878 §3.1.1: magic, a descriptor without sizes, a window of 2^27, and one raw block of one byte, the last.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x09, 0x00, 0x00, 0x61]);
  await assert.rejects(inflateAll(zstd, [frame]), /not valid zstd/);
  await assert.rejects(zstd.decompress(frame, 1_000), /not valid zstd/);
  frame[5] = 13 << 3;
  assert.equal((await inflateAll(zstd, [frame])).toString(), "a");
  assert.equal(Buffer.from(await zstd.decompress(frame, 1_000)).toString(), "a");
});
