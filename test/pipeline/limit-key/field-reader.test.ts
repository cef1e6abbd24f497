import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";
import { compileFieldReader } from "../../../src/pipeline/limit-key/field-reader.ts";
import { ProtobufWriter, WireType } from "../../../src/wire/protobuf-writer.ts";
import { compileProto } from "../../support/compile-proto.ts";
import { placeOf } from "./field-place.ts";

const scalarTypes = [
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "bytes",
  "uint32",
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
] as const; // prettier-ignore
const { registry } = compileProto({
  "t.proto": `syntax = "proto3";
    package t;
    enum Kind { NONE = 0; ONE = 1; }
    message Inner { string id = 1; Inner inner = 2; int32 n = 3; }
    message All {
      ${scalarTypes.map((type, i) => `${type} a_${type} = ${i + 1};`).join("\n")}
      Kind a_enum = 20;
      Inner inner = 21;
      repeated string names = 22;
      oneof choice { string left = 23; Inner right = 24; fixed32 third = 25; }
      string late = 536870911;
    }`,
  "g.proto": `edition = "2023";
    package g;
    message Outer { Inner inner = 1 [features.message_encoding = DELIMITED]; string plain = 2; }
    message Inner { string id = 1; Inner inner = 2 [features.message_encoding = DELIMITED]; }`,
});
const messageOf = (name: string): DescMessage => {
  const desc = registry.getMessage(name);
  assert.ok(desc);
  return desc;
};
const all = messageOf("t.All");
const readerOf = (path: string, desc = all) => compileFieldReader(placeOf(desc, path));

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return latin1(value);
  return typeof value === "string" ? latin1(Buffer.from(value)) : String(value);
}

/** What protobuf-es takes for the field's value, as the reader tells it; undefined where the bytes are no message. */
function decodedText(desc: DescMessage, path: string, bytes: Uint8Array): string | undefined {
  let message: ReturnType<typeof reflect>;
  try {
    message = reflect(desc, fromBinary(desc, bytes));
  } catch {
    return undefined;
  }
  const names = path.split(".");
  for (const [i, name] of names.entries()) {
    const field = message.desc.fields.find((candidate) => candidate.name === name);
    assert.ok(field);
    if (i === names.length - 1) return textOf(message.get(field));
    const inner = message.get(field) as ReturnType<typeof reflect>;
    message = inner;
  }
  return undefined;
}

const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  double: fc.double(),
  float: fc.float(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fixed32: fc.nat({ max: 2 ** 32 - 1 }),
  bool: fc.boolean(),
  string: fc.string({ unit: "grapheme" }),
  bytes: fc.uint8Array(),
  uint32: fc.nat({ max: 2 ** 32 - 1 }),
  sfixed32: fc.integer(),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  sint32: fc.integer(),
  sint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  enum: fc.integer(),
};
describe("a field reader", () => {
  for (const [type, value] of Object.entries(values)) {
    test(`reads ${type} as it was written, and its zero where it is not there`, () => {
      const name = type === "enum" ? "a_enum" : `a_${type}`;
      const field = all.fields.find((candidate) => candidate.name === name);
      assert.ok(field);
      const read = readerOf(name);
      fc.assert(
        fc.property(value, (written) => {
          const message = create(all, { late: "x" } as never);
          reflect(all, message).set(field, written as never);
          assert.equal(read(toBinary(all, message)), textOf(written));
        }),
      );
      assert.equal(read(new Uint8Array()), textOf(reflect(all, create(all)).get(field)));
    });
  }

  /** Field number, wire type and what follows. */
  const bytesOf = (...write: ((writer: ProtobufWriter) => void)[]): Uint8Array => {
    const writer = new ProtobufWriter();
    for (const each of write) each(writer);
    return writer.finish();
  };
  const text = (number: number, value: string) => (writer: ProtobufWriter) => {
    writer.tag(number, WireType.LENGTH);
    writer.string(value);
  };
  const nested =
    (number: number, ...inner: ((writer: ProtobufWriter) => void)[]) =>
    (writer: ProtobufWriter) => {
      writer.tag(number, WireType.LENGTH);
      writer.lengthPrefixed(bytesOf(...inner));
    };
  const group =
    (number: number, ...inner: ((writer: ProtobufWriter) => void)[]) =>
    (writer: ProtobufWriter) => {
      writer.tag(number, WireType.GROUP_START);
      writer.raw(bytesOf(...inner));
      writer.tag(number, WireType.GROUP_END);
    };
  const raw =
    (...bytes: number[]) =>
    (writer: ProtobufWriter) =>
      writer.raw(Uint8Array.from(bytes));

  const rows: readonly [path: string, bytes: Uint8Array, value: string | undefined, reason: string][] = [
    ["a_string", bytesOf(text(9, "a"), text(9, "b")), "b", "the last one wins"],
    ["inner.id", bytesOf(nested(21, text(1, "a")), nested(21, text(1, "b"))), "b", "in messages, too"],
    [
      "inner.id",
      bytesOf(nested(21, text(1, "a")), nested(21)),
      "a",
      "messages merge: an empty one takes nothing away",
    ],
    [
      "inner.inner.id",
      bytesOf(nested(21, nested(2, text(1, "deep")), text(1, "no"))),
      "deep",
      "two messages deep",
    ],
    ["inner.n", bytesOf(raw(0x18, 5), nested(21, raw(0x18, 7))), "7", "numbers count per message"],
    ["left", bytesOf(text(23, "a"), nested(24)), "", "a member of a oneof takes back the other"],
    ["left", bytesOf(nested(24), text(23, "a")), "a", "the later member stays"],
    ["right.id", bytesOf(nested(24, text(1, "a")), text(23, "b")), "", "a message that was taken back"],
    ["right.id", bytesOf(nested(24, text(1, "a")), text(23, "b"), nested(24)), "", "and came back empty"],
    ["a_int32", bytesOf(raw(0x28, 0xff, 0xff, 0xff, 0xff, 0x0f)), "-1", "five bytes of a negative number"],
    ["a_int32", bytesOf(raw(0x28, 0x81, 0x80, 0x00)), "1", "a varint that is longer than need be"],
    ["a_int32", bytesOf(raw(0xa8, 0x00, 7)), "7", "a tag that is longer than need be"],
    [
      "a_string",
      bytesOf(group(30, text(9, "no"), group(31, text(9, "no"))), text(9, "a")),
      "a",
      "groups are stepped over",
    ],
    ["a_string", bytesOf(raw(0x4a, 5, 0x61)), undefined, "a length beyond the end"],
    ["a_string", bytesOf(text(9, "a"), raw(0x08)), undefined, "cut off after a tag"],
    ["a_string", bytesOf(raw(0xff)), undefined, "cut off in a tag"],
    ["a_string", bytesOf(text(9, "a"), raw(0x00)), undefined, "field number 0"],
    ["a_string", bytesOf(text(9, "a"), raw(0x0c)), undefined, "the end of a group that was not begun"],
    ["a_string", bytesOf(raw(...new Array<number>(5000).fill(0x0b))), undefined, "groups without end"],
    ["inner.id", bytesOf(nested(21, raw(0x0a, 9))), undefined, "a length beyond the inner message's end"],
    ["late", bytesOf(text(536870911, "z")), "z", "the largest field number"],
  ];
  for (const [path, bytes, value, reason] of rows) {
    test(`reads ${path} as ${JSON.stringify(value)}: ${reason}`, () => {
      assert.equal(readerOf(path)(bytes), value);
      assert.equal(decodedText(all, path, bytes), value, "as a decoder has it");
    });
  }

  test("takes a field of another wire type for one it does not know", () => {
    assert.equal(readerOf("a_int32")(bytesOf(raw(0x2a, 1, 7))), "0", "a packed list");
    assert.equal(readerOf("left")(bytesOf(text(23, "a"), raw(0xc8, 0x01, 1))), "a", "it is no rival either");
  });

  test("reads through groups, which merge as well", () => {
    const outer = messageOf("g.Outer");
    const read = readerOf("inner.inner.id", outer);
    const bytes = bytesOf(group(1, group(2, text(1, "a"))), text(2, "p"), group(1, group(2)));
    assert.equal(read(bytes), "a");
    assert.equal(decodedText(outer, "inner.inner.id", bytes), "a");
    assert.equal(read(bytesOf(nested(1, nested(2, text(1, "a"))))), "");
    assert.equal(read(bytesOf(raw(0x0b))), undefined);
  });

  test("is total", () => {
    const readers = ["a_string", "a_int64", "inner.inner.id", "right.id"].map((path) => readerOf(path));
    const hostile = fc.array(fc.oneof(fc.constantFrom(0x0b, 0x0c, 0x4a, 0xaa, 0x01, 0x80), fc.nat(255)));
    fc.assert(
      fc.property(hostile, (bytes) => {
        for (const read of readers) {
          const value = read(Uint8Array.from(bytes));
          assert.ok(value === undefined || typeof value === "string");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("reads the value that a decoder reads", () => {
    const paths = ["a_string", "a_int64", "a_bool", "inner.inner.id", "inner.n", "left", "right.id", "third"];
    const readers = paths.map((path) => [path, readerOf(path)] as const);
    const piece = fc.oneof(
      fc.tuple(fc.constantFrom(9, 23), fc.string({ maxLength: 4 })).map(([n, s]) => bytesOf(text(n, s))),
      fc
        .tuple(fc.constantFrom(21, 24), fc.string({ maxLength: 3 }))
        .map(([n, s]) => bytesOf(nested(n, text(1, s)))),
      fc.string({ maxLength: 3 }).map((s) => bytesOf(nested(21, nested(2, text(1, s))))),
      fc.nat({ max: 300 }).map((n) => bytesOf(raw(0x18), (writer) => writer.uint32(n))),
      fc.nat().map((n) => bytesOf(raw(0xcd, 0x01), (writer) => writer.fixed32(n))),
      fc.constant(bytesOf(group(30, text(9, "no")))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const bytes = new Uint8Array(Buffer.concat(pieces));
        for (const [path, read] of readers) {
          const decoded = decodedText(all, path, bytes);
          const value = read(bytes);
          assert.equal(value, decoded, path);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
