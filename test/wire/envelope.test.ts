import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { compressions } from "../../src/wire/compression.ts";
import {
  EnvelopeReader,
  encodeEnvelope,
  encodeReplyEnvelope,
  envelopeFlag,
  readSingleMessage,
} from "../../src/wire/envelope.ts";
import { collect, Source } from "../protocol/rest/pieces.ts";

const gzip = compressions.get("gzip");

interface ReadOptions {
  readonly maxBytes?: number;
  readonly compressed?: boolean;
}

function readerOf(pieces: readonly Uint8Array[], options: ReadOptions = {}): EnvelopeReader {
  const { maxBytes = 1000, compressed = false } = options;
  return new EnvelopeReader(new Source(pieces), { compression: compressed ? gzip : undefined, maxBytes });
}

/** The pieces of some bytes that are cut at these places, twice at the same one for an empty piece. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

test("an envelope is flags, length and message", () => {
  assert.equal(Buffer.from(encodeEnvelope(1, Buffer.from("abc"))).toString("hex"), "0100000003616263");
  assert.equal(Buffer.from(encodeEnvelope(0x80, new Uint8Array(0))).toString("hex"), "8000000000");
});

test("envelopes cut into any pieces are the messages", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 60 })),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (messages, places) => {
        const bytes = Buffer.concat(messages.map((message) => encodeEnvelope(0, message)));
        const read = await collect(readerOf(cutAt(bytes, places)));
        assert.deepEqual(
          read.map((message) => [...message]),
          messages.map((message) => [...message]),
        );
      },
    ),
  );
});

test("compressed and plain messages may take turns", async () => {
  assert.ok(gzip);
  const pieces = [
    encodeEnvelope(envelopeFlag.compressed, await gzip.compress(Buffer.from("a"))),
    encodeEnvelope(0, Buffer.from("b")),
    encodeEnvelope(envelopeFlag.compressed, new Uint8Array(0)),
  ];
  const read = await collect(readerOf(pieces, { compressed: true }));
  assert.deepEqual(
    read.map((message) => Buffer.from(message).toString()),
    ["a", "b", ""],
  );
});

test("any bytes are messages or end in an RpcError, and the body is let go", async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc
      .tuple(fc.constantFrom(0, 1, 2, 0x80, 0xff), fc.nat({ max: 30 }), fc.uint8Array({ maxLength: 30 }))
      .map(([flags, length, bytes]) => Uint8Array.from([flags, 0, 0, 0, length, ...bytes])),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), fc.boolean(), async (pieces, compressed) => {
      const source = new Source(pieces);
      const reader = new EnvelopeReader(source, { compression: compressed ? gzip : undefined, maxBytes: 25 });
      try {
        for await (const message of reader) assert.ok(message.length <= 25);
        assert.ok(source.pulled > pieces.length, "the body was read to its end");
      } catch (reason) {
        assert.ok(reason instanceof RpcError, String(reason));
        assert.equal(source.returned, true);
      }
      assert.deepEqual(await reader.next(), { done: true, value: undefined });
    }),
  );
});

const limit = Buffer.alloc(1000, "x");
const broken: readonly [title: string, bytes: Uint8Array, code: number, options?: ReadOptions][] = [
  ["a body that ends in a prefix", Uint8Array.of(0, 0), 3],
  ["a body that ends in a message", encodeEnvelope(0, Buffer.from("abc")).subarray(0, 7), 3],
  ["a body that ends before its message", Uint8Array.of(0, 0, 0, 0, 1), 3],
  ["an unknown flag", encodeEnvelope(4, new Uint8Array(0)), 3],
  ["the trailer of gRPC-Web", encodeEnvelope(envelopeFlag.trailer, Buffer.from("a: b\r\n")), 3],
  ["the end of a Connect stream", encodeEnvelope(envelopeFlag.endStream, Buffer.from("{}")), 3],
  ["a compressed message under identity", encodeEnvelope(1, Buffer.from("abc")), 13],
  ["a length beyond the limit, of which nothing has come", Uint8Array.of(0, 0, 0, 3, 0xe9), 8],
  ["four gigabytes, compressed", Uint8Array.of(1, 255, 255, 255, 255), 8, { compressed: true }],
];
for (const [title, bytes, code, options] of broken) {
  test(`${title} is refused with code ${code}`, async () => {
    await assert.rejects(readerOf([bytes], options).next(), { name: "RpcError", code });
  });
}

test("exactly the limit passes, compressed or not, also where compressing makes it larger", async () => {
  assert.ok(gzip);
  const noise = crypto.getRandomValues(new Uint8Array(1000));
  for (const message of [limit, noise]) {
    const plain = await collect(readerOf([encodeEnvelope(0, message)]));
    assert.deepEqual(plain[0]?.length, 1000);
    const bytes: Uint8Array = await gzip.compress(message);
    const read: Uint8Array[] = await collect(readerOf([encodeEnvelope(1, bytes)], { compressed: true }));
    assert.deepEqual(Buffer.from(read[0] ?? []), Buffer.from(message));
  }
});

test("one byte more than the limit does not, compressed or not", async () => {
  assert.ok(gzip);
  const message = Buffer.alloc(1001);
  await assert.rejects(readerOf([encodeEnvelope(0, message)]).next(), { code: 8 });
  const bytes = encodeEnvelope(1, await gzip.compress(message));
  await assert.rejects(readerOf([bytes], { compressed: true }).next(), { code: 8 });
});

test("what the body throws is thrown", async () => {
  const failure = new RpcError(1, "gone");
  const source = new Source([encodeEnvelope(0, Buffer.from("a")), Uint8Array.of(0)], failure);
  const reader = new EnvelopeReader(source, { compression: undefined, maxBytes: 10 });
  assert.equal((await reader.next()).done, false);
  await assert.rejects(reader.next(), failure);
});

test("return() ends a next() that waits for the body", async () => {
  const waiting = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>();
  let returned = 0;
  const source: AsyncIterableIterator<Uint8Array, undefined> = {
    next: () => waiting.promise,
    async return() {
      returned++;
      waiting.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => source,
  };
  const reader = new EnvelopeReader(source, { compression: undefined, maxBytes: 10 });
  const next = reader.next();
  await reader.return();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.equal(returned, 1);
});

const a = encodeEnvelope(0, Buffer.from("a"));
test("one message is one, in however many pieces", async () => {
  for (const pieces of [[a], [a.subarray(0, 2), a.subarray(2)], [a, new Uint8Array(0)]]) {
    assert.equal(Buffer.from(await readSingleMessage(readerOf(pieces))).toString(), "a");
  }
});

test("none or two where one is due is UNIMPLEMENTED", async () => {
  await assert.rejects(readSingleMessage(readerOf([])), { code: 12 });
  await assert.rejects(readSingleMessage(readerOf([a, a])), { code: 12 });
});

test("half of a second message is what is wrong with it", async () => {
  await assert.rejects(readSingleMessage(readerOf([a, a.subarray(0, 3)])), { code: 3 });
});

test("a reply is compressed from the size on that was said", async () => {
  assert.ok(gzip);
  const small = encodeReplyEnvelope(Buffer.alloc(9), gzip, 10);
  assert.ok(small instanceof Uint8Array, "and there is nothing to wait for");
  assert.equal(small[0], 0);
  assert.equal((await encodeReplyEnvelope(Buffer.alloc(10), gzip, 10))[0], envelopeFlag.compressed);
  assert.equal((await encodeReplyEnvelope(Buffer.alloc(10), undefined, 0))[0], 0);
  assert.equal((await encodeReplyEnvelope(Buffer.alloc(10), gzip, Number.POSITIVE_INFINITY))[0], 0);
});
