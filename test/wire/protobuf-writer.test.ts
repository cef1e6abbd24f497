import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { copyBytes, ProtobufWriter, WireType } from "../../src/wire/protobuf-writer.ts";

/** What the writer writes, beside what protobuf-es writes. */
function assertSameBytes(
  ours: (writer: ProtobufWriter) => void,
  theirs: (writer: BinaryWriter) => void,
): void {
  const writer = new ProtobufWriter(1);
  ours(writer);
  const reference = new BinaryWriter();
  theirs(reference);
  assert.deepEqual(writer.finish(), reference.finish());
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const lowHalf = (value: bigint): number => Number(BigInt.asUintN(32, value));
const highHalf = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n));

test("scalars are the bytes that protobuf-es writes", () => {
  fc.assert(
    fc.property(fc.integer(), uint32, int64, uint64, fc.double(), (i, u, i64, u64, d) => {
      assertSameBytes(
        (w) => w.int32(i),
        (w) => w.int32(i),
      );
      assertSameBytes(
        (w) => w.sint32(i),
        (w) => w.sint32(i),
      );
      assertSameBytes(
        (w) => w.fixed32(i),
        (w) => w.sfixed32(i),
      );
      assertSameBytes(
        (w) => w.uint32(u),
        (w) => w.uint32(u),
      );
      assertSameBytes(
        (w) => w.fixed32(u),
        (w) => w.fixed32(u),
      );
      assertSameBytes(
        (w) => w.int64(i64),
        (w) => w.int64(i64),
      );
      assertSameBytes(
        (w) => w.int64(u64),
        (w) => w.uint64(u64),
      );
      assertSameBytes(
        (w) => w.sint64(i64),
        (w) => w.sint64(i64),
      );
      assertSameBytes(
        (w) => w.double(d),
        (w) => w.double(d),
      );
      assertSameBytes(
        (w) => w.float(d),
        (w) => w.float(Math.fround(d)),
      );
      assertSameBytes(
        (w) => w.bool(i > 0),
        (w) => w.bool(i > 0),
      );
    }),
  );
});

test("64-bit halves are the same value as the bigint", () => {
  fc.assert(
    fc.property(int64, (value) => {
      const [lo, hi] = [lowHalf(value), highHalf(value)];
      assertSameBytes(
        (w) => w.varint64(lo, hi),
        (w) => w.int64(value),
      );
      assertSameBytes(
        (w) => w.varint64(lo | 0, hi | 0),
        (w) => w.int64(value),
      );
      assertSameBytes(
        (w) => w.zigzag64(lo | 0, hi | 0),
        (w) => w.sint64(value),
      );
      assertSameBytes(
        (w) => w.fixed64(lo, hi),
        (w) => w.sfixed64(value),
      );
    }),
  );
});

test("strings of any length and script are the bytes that protobuf-es writes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      assertSameBytes(
        (w) => w.string(text),
        (w) => w.string(text),
      );
    }),
  );
  for (const length of [47, 48, 49, 127, 128, 16_383, 16_384, 70_000]) {
    const text = "é".repeat(length);
    assertSameBytes(
      (w) => w.string(text),
      (w) => w.string(text),
    );
  }
});

test("a lone surrogate becomes U+FFFD", () => {
  const writer = new ProtobufWriter();
  writer.string("a\ud800b");
  assert.equal(Buffer.from(writer.finish()).toString(), "\u0005a\ufffdb");
});

test("a length is filled in whatever number of bytes it takes", () => {
  for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    const writer = new ProtobufWriter(1);
    writer.tag(1, WireType.LENGTH);
    const outer = writer.begin();
    writer.tag(2, WireType.LENGTH);
    const inner = writer.begin();
    writer.raw(new Uint8Array(size).fill(7));
    writer.end(inner);
    writer.end(outer);
    const reader = new BinaryReader(writer.finish());
    assert.deepEqual(reader.tag(), [1, 2]);
    const nested = new BinaryReader(reader.bytes());
    assert.deepEqual(nested.tag(), [2, 2]);
    assert.ok(Buffer.alloc(size, 7).equals(nested.bytes()));
    assert.equal(nested.pos, nested.len);
    assert.equal(reader.pos, reader.len);
  }
});

test("what was finished is not changed by what is written next", () => {
  const writer = new ProtobufWriter();
  writer.string("first");
  const first = writer.finish();
  writer.reset();
  writer.string("other");
  assert.equal(Buffer.from(first).toString(), "\u0005first");
});

test("copies do not overlap, whatever their sizes", () => {
  const source = new Uint8Array(2000);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1100 }), { maxLength: 40 }), (lengths) => {
      const copies = lengths.map((length, i) => {
        source.fill(i + 1);
        return copyBytes(source, length);
      });
      for (const [i, copy] of copies.entries()) {
        assert.equal(copy.length, lengths[i]);
        assert.ok(copy.every((byte) => byte === i + 1));
      }
    }),
  );
});

test("raw ranges are copied, short and long", () => {
  const source = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  for (const [start, end] of [
    [0, 0],
    [3, 60],
    [0, 300],
  ] as const) {
    const writer = new ProtobufWriter(1);
    writer.rawRange(source, start, end);
    writer.lengthPrefixed(source.subarray(0, 2));
    assert.deepEqual(writer.finish(), Uint8Array.from([...source.subarray(start, end), 2, 0, 1]));
  }
});
