// What a small input may cost: output in proportion to input, levels that are counted, work that is not repeated for each
// level. Sizes are asserted, never times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { ProtobufWriter, WireType } from "../../src/wire/protobuf-writer.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

const codec = testCodec();

/** The densest JSON of each kind: what a byte of it becomes at most. */
const dense: readonly (readonly [reason: string, type: string, open: string, item: string, close: string])[] =
  [
    ["packed doubles", "all.Lists", '{"doubleValue":[', "0", "]}"],
    ["booleans that are not packed", "all.Lists", '{"loose":[', "1", "]}"],
    ["empty messages", "all.Lists", '{"scalars":[', "{}", "]}"],
    ["numbers of a Value", "google.protobuf.Value", "[", "0", "]"],
    ["empty objects of a Value", "google.protobuf.Value", "[", "{}", "]"],
    ["entries of a Struct", "google.protobuf.Struct", "{", '"":0', "}"],
    ["entries of a map", "all.Maps", '{"toDouble":{', '"":0', "}}"],
    ["paths of a field mask", "google.protobuf.FieldMask", '"', "a", '"'],
  ];

for (const [reason, type, open, item, close] of dense) {
  test(`${reason} take at most eight bytes of binary for a byte of JSON`, () => {
    const json = utf8(`${open}${Array.from({ length: 50_000 }, () => item).join(",")}${close}`);
    const message = codec.message(messageDesc(type)).decodeJson(json);
    assert.ok(message.length > 0);
    assert.ok(message.length <= json.length * 8, `${message.length} of ${json.length}`);
    assert.ok(
      message.buffer.byteLength <= Math.max(message.length * 2, 8192),
      "nothing is held beside the result",
    );
  });
}

test("Anys in one another are looked through a limited number of times", () => {
  const nested = (depth: number, size: number): Uint8Array => {
    const open = '{"value":'.repeat(depth);
    const close = ',"@type":"x/google.protobuf.Any"}'.repeat(depth);
    const inner = `{"@type":"x/all.Author","givenName":"${"a".repeat(size)}"}`;
    return utf8(`{"any":${open}${inner}${close}}`);
  };
  const known = codec.message(messageDesc("all.Known"));
  // What anybody might send: deep and small, large and shallow.
  assert.ok(known.decodeJson(nested(90, 100)).length > 0);
  assert.ok(known.decodeJson(nested(10, 2_000_000)).length > 2_000_000);
  assert.throws(() => known.decodeJson(nested(90, 2_000_000)), {
    code: Code.INVALID_ARGUMENT,
    rawMessage: /too much nested in google\.protobuf\.Any/,
  });
});

test("a message that is out of order on every level does not take a copy for each without limit", () => {
  // Tree: left = 2. On each level a piece of `left` with everything, and one that is empty and makes it out of order.
  const emptyLeft = Uint8Array.of(0x12, 0);
  let message: Uint8Array = Buffer.concat([
    Uint8Array.of(0x0a, ...size(4_000_000)),
    Buffer.alloc(4_000_000, "a"),
  ]);
  for (let depth = 0; depth < 90; depth++) {
    message = Buffer.concat([Uint8Array.of(0x12, ...size(message.length)), message, emptyLeft]);
  }
  assert.throws(() => codec.message(messageDesc("all.Tree")).encodeJson(message), {
    code: Code.RESOURCE_EXHAUSTED,
  });
  // The same with little in it is printed.
  assert.equal(
    codec.message(messageDesc("all.Tree")).encodeJson(Uint8Array.of(...[0x12, 0], ...[0x12, 0])),
    '{"left":{}}',
  );
});

function size(length: number): Uint8Array {
  const writer = new ProtobufWriter();
  writer.uint32(length);
  return writer.finish();
}

test("a large result is no view on a larger buffer than twice its size, and later calls do not write into it", () => {
  const desc = messageDesc("all.Book");
  const codecOfBook = codec.message(desc);
  const title = "ä".repeat(1_000_000);
  const message = codecOfBook.decodeJson(utf8(`{"title":"${title}"}`));
  const json = codecOfBook.encodeJsonBytes(message);
  const [before, printed] = [Buffer.from(message), Buffer.from(json)];
  for (const char of ["b", "c"]) {
    codecOfBook.encodeJsonBytes(codecOfBook.decodeJson(utf8(`{"title":"${char.repeat(2_000_000)}"}`)));
  }
  assert.ok(before.equals(message));
  assert.ok(printed.equals(json));
  assert.ok(message.buffer.byteLength <= message.length * 2);
  assert.ok(json.buffer.byteLength <= json.length * 2);
});

test("long strings are printed as short ones, whatever stands at the border of a piece", () => {
  const desc = messageDesc("all.Book");
  for (const special of ['"', "\\", "\u0000", "\u001f", "\u007f", "é", "😀", "\u2028"]) {
    for (const before of [0, 255, 256, 257, 65_534, 65_535, 65_536, 131_071]) {
      const title = `${"a".repeat(before)}${special}${"b".repeat(300)}${special}`;
      const writer = new ProtobufWriter();
      writer.tag(1, WireType.LENGTH);
      writer.string(title);
      const message = writer.finish();
      const expected = `{"title":${JSON.stringify(title)}}`;
      assert.equal(codec.message(desc).encodeJson(message), expected);
      assert.equal(Buffer.from(codec.message(desc).encodeJsonBytes(message)).toString(), expected);
      assert.deepEqual(Buffer.from(codec.message(desc).decodeJson(utf8(expected))), Buffer.from(message));
    }
  }
});

test("a long string that is not UTF-8 is refused", () => {
  const desc = messageDesc("all.Book");
  for (const at of [0, 299, 65_536, 70_000]) {
    const text = Buffer.alloc(70_001, "a");
    text[at] = 0xff;
    const message = Buffer.concat([Uint8Array.of(0x0a, ...size(text.length)), text]);
    assert.throws(() => codec.message(desc).encodeJson(message), { code: Code.INTERNAL });
  }
});
