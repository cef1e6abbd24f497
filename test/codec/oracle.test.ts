// The codec against protobuf-es: for arbitrary messages of every kind of field both read what the other writes, and mean
// the same by it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DescMessage,
  equals,
  fromBinary,
  fromJson,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import type { JsonOptions } from "../../src/codec/codec.ts";
import { anyRegistry, arbitraryMessage } from "./arbitrary-message.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

const types = [
  "all.Scalars",
  "all.Optionals",
  "all.Lists",
  "all.Maps",
  "all.Choice",
  "all.Known",
  "all.Tree",
  "all.Traps",
  "old.Old",
  "ed.Ed",
];

/** Equality of what messages mean: bytes inside an Any may differ in the order of fields. */
function assertSame(desc: DescMessage, actual: Message, expected: Message): void {
  if (equals(desc, actual, expected, { registry: anyRegistry, unpackAny: true, extensions: true })) return;
  assert.deepEqual(
    toJson(desc, actual, { registry: anyRegistry }),
    toJson(desc, expected, { registry: anyRegistry }),
  );
}

const optionSets: readonly Partial<JsonOptions>[] = [
  {},
  { emitDefaults: true },
  { protoNames: true, enumNumbers: true },
  { int64Numbers: true, unknownFields: "ignore" },
];

for (const type of types) {
  const desc = messageDesc(type);
  const arbitrary = arbitraryMessage(desc);

  test(`${type}: JSON that protobuf-es prints is decoded to the same message`, () => {
    const codec = testCodec().message(desc);
    fc.assert(
      fc.property(arbitrary, (message) => {
        const json = JSON.stringify(toJson(desc, message, { registry: anyRegistry }));
        // Read back by protobuf-es too, because JSON.stringify prints minus zero without its sign.
        const expected = fromJson(desc, JSON.parse(json), { registry: anyRegistry });
        assertSame(desc, fromBinary(desc, codec.decodeJson(utf8(json))), expected);
      }),
      { numRuns: 150 },
    );
  });

  test(`${type}: what is encoded is read back by protobuf-es as the same message`, () => {
    const codecs = optionSets.map((options) => ({ options, codec: testCodec(options).message(desc) }));
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...codecs), (message, { options, codec }) => {
        const binary = toBinary(desc, message);
        const json = codec.encodeJson(binary);
        assert.equal(Buffer.from(codec.encodeJsonBytes(binary)).toString(), json);
        if (options.int64Numbers !== true) {
          // By way of binary, because protobuf-es rounds floats only there.
          const read = toBinary(desc, fromJson(desc, JSON.parse(json), { registry: anyRegistry }));
          assertSame(desc, fromBinary(desc, read), message);
        }
        // And by the codec itself, whatever the options.
        assertSame(desc, fromBinary(desc, codec.decodeJson(utf8(json))), message);
      }),
      { numRuns: 150 },
    );
  });

  test(`${type}: the same members are printed as by protobuf-es`, () => {
    for (const emitDefaults of [false, true]) {
      const codec = testCodec({ emitDefaults }).message(desc);
      fc.assert(
        fc.property(arbitrary, (message) => {
          const expected = toJson(desc, message, { registry: anyRegistry, alwaysEmitImplicit: emitDefaults });
          assert.deepEqual(normal(JSON.parse(codec.encodeJson(toBinary(desc, message)))), normal(expected));
        }),
        { numRuns: 100 },
      );
    }
  });
}

/** Floats are printed shorter than by protobuf-es and minus zero keeps its sign: both are compared as floats. */
function normal(value: unknown): unknown {
  if (typeof value === "number") return Math.fround(value) + 0;
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, normal(item)]),
  );
}
