// Messages with message_set_wire_format. protobuf-es does not know the format, so bytes are written out here; protobuf's
// own conformance suite (test/conformance/protobuf) has more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultJsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { Code } from "../../src/rpc/code.ts";
import { compileProto } from "../support/compile-proto.ts";
import { utf8 } from "./schema.ts";

const { registry } = compileProto({
  "sets.proto": `
    syntax = "proto2";
    package sets;
    message Set { option message_set_wire_format = true; extensions 4 to max; }
    message Text { extend Set { optional Text text = 100; } optional string value = 1; optional Set inner = 2; }
    message Far { extend Set { optional Far far = 2147483646; } optional int32 a = 1; optional int32 b = 2; }
    message Holder { optional Set set = 1; repeated Set sets = 2; }`,
});
const desc = registry.getMessage("sets.Set") ?? assert.fail();
const codec = createCodec(registry, defaultJsonOptions).message(desc);
const encode = (hex: string): string => codec.encodeJson(Buffer.from(hex, "hex"));
const decode = (json: string): string => Buffer.from(codec.decodeJson(utf8(json))).toString("hex");

/** Type id 100 is 0x64; the message is `{ value: "a" }`. */
const text = "0b" + "1064" + "1a030a0161" + "0c";
const far = "0b" + "10feffffff07" + "1a020805" + "0c";

const forms: readonly (readonly [reason: string, hex: string, json: string])[] = [
  ["an empty set", "", "{}"],
  ["one extension", text, '{"[sets.Text.text]":{"value":"a"}}'],
  ["an empty extension", "0b10641a000c", '{"[sets.Text.text]":{}}'],
  ["a type id that is no field number", far, '{"[sets.Far.far]":{"a":5}}'],
  ["two extensions", text + far, '{"[sets.Text.text]":{"value":"a"},"[sets.Far.far]":{"a":5}}'],
  [
    "a set in a set",
    `0b10641a0b1209${text}0c`,
    '{"[sets.Text.text]":{"inner":{"[sets.Text.text]":{"value":"a"}}}}',
  ],
];

for (const [reason, hex, json] of forms) {
  test(`${reason} is read and written in both forms`, () => {
    assert.equal(encode(hex), json);
    assert.equal(decode(json), hex);
  });
}

const read: readonly (readonly [reason: string, hex: string, json: string])[] = [
  ["the message before its type id", "0b1a030a016110640c", '{"[sets.Text.text]":{"value":"a"}}'],
  ["an extension in the form of a field", "a206030a0161", '{"[sets.Text.text]":{"value":"a"}}'],
  ["a type id that nobody knows", "0b10651a020805" + "0c", "{}"],
  ["an item without a type id", "0b1a0208050c", "{}"],
  ["an item without a message", "0b10640c", "{}"],
  ["unknown fields beside and in items", "10050b10641a030a016120070c", '{"[sets.Text.text]":{"value":"a"}}'],
  [
    "an extension twice, which is merged",
    `${far}0b10feffffff071a0210070c`,
    '{"[sets.Far.far]":{"a":5,"b":7}}',
  ],
];

for (const [reason, hex, json] of read) {
  test(`read: ${reason}`, () => {
    assert.equal(encode(hex), json);
  });
}

test("of an extension that occurs twice in JSON the last one replaces the first", () => {
  const binary = decode(
    '{"[sets.Far.far]":{"a":5},"[sets.Text.text]":{"value":"a"},"[sets.Far.far]":{"b":7}}',
  );
  assert.equal(encode(binary), '{"[sets.Text.text]":{"value":"a"},"[sets.Far.far]":{"b":7}}');
});

test("null is no extension", () => {
  assert.equal(decode('{"[sets.Text.text]":null}'), "");
});

test("an item that does not end, or ends as another group, is refused", () => {
  for (const hex of ["0b", "0b1064", "0b10641a03", "0b106414", "0c", "0b10641a0308ffff0c"]) {
    assert.throws(() => encode(hex), { code: Code.INTERNAL }, hex);
  }
});

test("a hundred sets in one another are refused, not overflown", () => {
  let message = Buffer.alloc(0);
  const size = (length: number): number[] => (length < 128 ? [length] : [(length & 127) | 128, length >> 7]);
  for (let i = 0; i < 101; i++) {
    const inner = Buffer.from([0x12, ...size(message.length), ...message]);
    message = Buffer.from([0x0b, 0x10, 0x64, 0x1a, ...size(inner.length), ...inner, 0x0c]);
  }
  assert.throws(() => codec.encodeJson(message), { code: Code.INTERNAL });
});
