import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { ProtobufReader } from "../../src/wire/protobuf-reader.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function read<T>(write: (writer: BinaryWriter) => void, use: (reader: ProtobufReader) => T): T {
  const writer = new BinaryWriter();
  write(writer);
  const reader = new ProtobufReader(writer.finish());
  const value = use(reader);
  assert.equal(reader.pos, reader.end);
  return value;
}

/** Reads the halves, then the whole. */
function after(
  halves: "varint64" | "sint64" | "fixed64",
  whole: "toInt64" | "toUint64",
): (reader: ProtobufReader) => bigint {
  return (reader) => {
    reader[halves]();
    return reader[whole]();
  };
}

test("scalars that protobuf-es writes are read back", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      int64,
      uint64,
      fc.double(),
      fc.string({ unit: "binary" }),
      (i, i64, u64, d, text) => {
        assert.equal(
          read(
            (w) => w.int32(i),
            (r) => r.int32(),
          ),
          i,
        );
        assert.equal(
          read(
            (w) => w.sint32(i),
            (r) => r.sint32(),
          ),
          i,
        );
        assert.equal(
          read(
            (w) => w.sfixed32(i),
            (r) => r.fixed32(),
          ),
          i,
        );
        assert.equal(
          read(
            (w) => w.uint32(i >>> 0),
            (r) => r.uint32(),
          ),
          i >>> 0,
        );
        assert.equal(
          read((w) => w.int64(i64), after("varint64", "toInt64")),
          i64,
        );
        assert.equal(
          read((w) => w.uint64(u64), after("varint64", "toUint64")),
          u64,
        );
        assert.equal(
          read((w) => w.sint64(i64), after("sint64", "toInt64")),
          i64,
        );
        assert.equal(
          read((w) => w.sfixed64(i64), after("fixed64", "toInt64")),
          i64,
        );
        assert.equal(
          read(
            (w) => w.double(d),
            (r) => r.double(),
          ),
          d,
        );
        assert.equal(
          read(
            (w) => w.float(Math.fround(d)),
            (r) => r.float(),
          ),
          Math.fround(d),
        );
        assert.equal(
          read(
            (w) => w.bool(i > 0),
            (r) => r.bool(),
          ),
          i > 0,
        );
        assert.equal(
          read(
            (w) => w.string(text),
            (r) => r.string(),
          ),
          text,
        );
      },
    ),
  );
});

/** Bytes, what reads them, and what is wrong with them. */
const malformed: readonly [bytes: string, read: (reader: ProtobufReader) => unknown, reason: RegExp][] = [
  ["", (r) => r.tag(), /truncated varint/],
  ["80", (r) => r.uint32(), /truncated varint/],
  ["ffffffffffffffffffff01", (r) => r.varint64(), /more than ten bytes/],
  ["00", (r) => r.tag(), /field number 0/],
  ["05", (r) => r.tag(), /field number 0/],
  ["0e", (r) => r.tag(), /wire type 6/],
  ["0f", (r) => r.tag(), /wire type 7/],
  ["8880808010", (r) => r.tag(), /more than 32 bits/],
  ["010203", (r) => r.fixed32(), /truncated fixed32/],
  ["01020304050607", (r) => r.fixed64(), /truncated fixed64/],
  ["0501", (r) => r.lengthEnd(), /length beyond the end/],
  ["ffffffffffffffffff01", (r) => r.lengthEnd(), /length beyond the end/],
  ["02c328", (r) => r.string(), /not UTF-8/],
  ["03eda080", (r) => r.string(), /not UTF-8/],
  ["0d0102", (r) => r.skip(r.tag()), /truncated fixed32/],
  ["0901", (r) => r.skip(r.tag()), /truncated fixed64/],
  ["0b", (r) => r.skip(r.tag()), /truncated/],
  ["0b14", (r) => r.skip(r.tag()), /end of another group/],
  ["0c", (r) => r.skip(r.tag()), /end of a group that was not started/],
  ["0b".repeat(101), (r) => r.skip(r.tag()), /nested too deep/],
];

for (const [bytes, use, reason] of malformed) {
  test(`${bytes.slice(0, 24) || "nothing"} is refused: ${reason.source}`, () => {
    const reader = new ProtobufReader(Buffer.from(bytes, "hex"));
    assert.throws(
      () => use(reader),
      (error) => {
        assert.ok(error instanceof RpcError);
        assert.equal(error.code, Code.INTERNAL);
        return reason.test(error.message);
      },
    );
  });
}

test("the code of errors is the caller's choice", () => {
  const reader = new ProtobufReader(new Uint8Array(0), Code.INVALID_ARGUMENT);
  assert.throws(() => reader.tag(), { code: Code.INVALID_ARGUMENT });
});

test("overlong varints of up to ten bytes are read", () => {
  assert.equal(new ProtobufReader(Buffer.from("8180808000", "hex")).uint32(), 1);
  assert.equal(new ProtobufReader(Buffer.from("88808080808080808000", "hex")).tag(), 8);
});

test("skip passes over every kind of value, groups in groups too", () => {
  const bytes = Buffer.from("08960111010203040506070812036162631b2b2c1c2501020304", "hex");
  const reader = new ProtobufReader(bytes);
  const numbers: number[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    numbers.push(tag >>> 3);
    reader.skip(tag);
  }
  assert.deepEqual(numbers, [1, 2, 2, 3, 4]);
});

test("the content of a group ends before its end tag", () => {
  const reader = new ProtobufReader(Buffer.from("0b10010c", "hex"));
  assert.equal(reader.groupEnd(reader.tag()), 3);
  assert.equal(reader.pos, 4);
});

test("arbitrary bytes are walked to their end or refused, and nothing else happens", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = new ProtobufReader(bytes);
      try {
        while (reader.pos < reader.end) {
          const before = reader.pos;
          reader.skip(reader.tag());
          assert.ok(reader.pos > before && reader.pos <= reader.end);
        }
      } catch (error) {
        assert.ok(error instanceof RpcError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
