// Printing ProtoJSON, values: messages with a JSON form of their own, the digits of numbers, escapes, and what has no JSON
// form at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WireType } from "@bufbuild/protobuf/wire";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { binary, encode, int, message, testPrinted, text, type Write } from "./encode-json-case.ts";
import { messageDesc, testCodec } from "./schema.ts";

testPrinted([
  // well-known types
  [
    "a timestamp in two pieces",
    "all.Known",
    (w) =>
      message(
        message(w, 2, (t) => int(t, 1, 1)),
        2,
        (t) => int(t, 2, 5_000_000),
      ),
    '{"timestamp":"1970-01-01T00:00:01.005Z"}',
  ],
  ["a wrapper of a default", "all.Known", (w) => message(w, 13, () => {}), '{"int64Value":"0"}'],
  [
    "a wrapper with two values",
    "all.Known",
    (w) => message(w, 15, (v) => int(int(v, 1, 1), 1, 2)),
    '{"int32Value":2}',
  ],
  ["a Value without a kind, as null", "all.Known", (w) => message(w, 6, () => {}), '{"value":null}'],
  [
    "the last kind of a Value",
    "all.Known",
    (w) => message(w, 6, (v) => text(int(v, 4, 1), 3, "s")),
    '{"value":"s"}',
  ],
  [
    "a Struct of a Value in pieces",
    "all.Known",
    (w) =>
      message(w, 6, (v) => {
        for (const key of ["a", "b", "a"])
          message(v, 5, (s) => message(s, 1, (e) => message(text(e, 1, key), 2, (x) => text(x, 3, key))));
      }),
    '{"value":{"b":"b","a":"a"}}',
  ],
  [
    "an empty Struct and ListValue",
    "all.Known",
    (w) =>
      message(
        message(w, 5, () => {}),
        7,
        () => {},
      ),
    '{"struct":{},"listValue":[]}',
  ],
  ["an Any without a type", "all.Known", (w) => message(w, 1, () => {}), '{"any":{}}'],
  [
    "an Any without a value",
    "all.Known",
    (w) => message(w, 1, (a) => text(a, 1, "x/all.Author")),
    '{"any":{"@type":"x/all.Author"}}',
  ],
  [
    "an Any with the value first",
    "all.Known",
    (w) =>
      message(w, 1, (a) =>
        text(
          message(a, 2, (v) => int(v, 2, 5)),
          1,
          "x/all.Author",
        ),
      ),
    '{"any":{"@type":"x/all.Author","birthYear":5}}',
  ],
  [
    "an Any of an unknown type, as base64",
    "all.Known",
    (w) => message(w, 1, (a) => message(text(a, 1, 'x/"y'), 2, (v) => int(v, 2, 5))),
    '{"any":{"@type":"x/\\"y","value":"EAU="}}',
  ],
  [
    "an Any whose message is not in order",
    "all.Known",
    (w) =>
      message(w, 1, (a) =>
        message(text(a, 1, "x/all.Author"), 2, (v) => int(text(int(v, 2, 5), 1, "n"), 2, 6)),
      ),
    '{"any":{"@type":"x/all.Author","birthYear":6,"givenName":"n"}}',
  ],
]);

const unprintable: readonly (readonly [reason: string, type: string, write: Write, text: RegExp])[] = [
  [
    "a string that is not UTF-8",
    "all.Book",
    (w) => w.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0xc3, 0x28)),
    /not UTF-8/,
  ],
  [
    "such a string with an escape",
    "all.Book",
    (w) => w.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0x22, 0xff)),
    /not UTF-8/,
  ],
  [
    "such a key of a map",
    "all.Book",
    (w) => message(w, 3, (e) => e.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0xff))),
    /not UTF-8/,
  ],
  [
    "such a string in proto2",
    "old.Old",
    (w) => w.tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(0xff)),
    /not UTF-8/,
  ],
  [
    "a timestamp before the year 1",
    "all.Known",
    (w) => message(w, 2, (t) => t.tag(1, WireType.Varint).int64(-62135596801n)),
    /timestamp out of range/,
  ],
  [
    "a timestamp of negative nanos",
    "all.Known",
    (w) => message(w, 2, (t) => int(t, 2, -1)),
    /timestamp out of range/,
  ],
  [
    "a duration of two signs",
    "all.Known",
    (w) => message(w, 3, (d) => int(int(d, 1, 1), 2, -1)),
    /duration out of range/,
  ],
  [
    "a field mask that would not survive",
    "all.Known",
    (w) => message(w, 4, (m) => text(m, 1, "fooBar")),
    /field mask/,
  ],
  [
    "a Value that is no JSON number",
    "all.Known",
    (w) => message(w, 6, (v) => v.tag(2, WireType.Bit64).double(Number.NaN)),
    /google.protobuf.Value of NaN/,
  ],
  [
    "an embedded message that reaches beyond its own end",
    "all.Book",
    (w) => w.tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(0x0a, 5, 0x61)),
    /length beyond the end/,
  ],
  [
    "a packed list that ends inside a value",
    "all.Book",
    (w) => w.tag(4, WireType.LengthDelimited).bytes(Uint8Array.of(0x80)),
    /truncated varint/,
  ],
];

for (const [reason, type, write, expected] of unprintable) {
  test(`INTERNAL: ${reason}`, () => {
    assert.throws(
      () => encode(type, write),
      (error) => {
        assert.ok(error instanceof RpcError);
        assert.equal(error.code, Code.INTERNAL);
        assert.match(error.message, expected);
        return true;
      },
    );
  });
}

test("messages nest a hundred deep, not deeper", () => {
  const nested =
    (depth: number): Write =>
    (w) => {
      if (depth > 1) message(w, 2, nested(depth - 1));
    };
  assert.ok(encode("all.Tree", nested(100)));
  assert.throws(() => encode("all.Tree", nested(101)), { code: Code.INTERNAL });
});

test("strings are escaped as JSON.stringify does it", () => {
  const all = Array.from({ length: 0x180 }, (_, i) => String.fromCharCode(i)).join("");
  for (const value of [all, `${all}\u2028\u2029😀`, '"'.repeat(1000), "\u0000".repeat(1000), "plain"]) {
    assert.equal(
      encode("all.Book", (w) => text(w, 1, value)),
      JSON.stringify({ title: value }),
    );
  }
});

test("a float is printed with the digits that tell it apart, minus zero with its sign", () => {
  const printed = (value: number): string =>
    encode("all.Optionals", (w) => w.tag(2, WireType.Bit32).float(value));
  assert.equal(printed(0.1), '{"floatValue":0.1}');
  assert.equal(printed(16777217.5), '{"floatValue":16777218}');
  assert.equal(printed(1.4e-45), '{"floatValue":1e-45}');
  assert.equal(printed(3.4028234663852886e38), '{"floatValue":3.4028234663852886e+38}');
  assert.equal(printed(-0), '{"floatValue":-0}');
  assert.equal(printed(Number.NaN), '{"floatValue":"NaN"}');
  assert.equal(printed(Number.NEGATIVE_INFINITY), '{"floatValue":"-Infinity"}');
});

test("the bytes are the text in UTF-8", () => {
  const codec = testCodec().message(messageDesc("all.Book"));
  const bytes = codec.encodeJsonBytes(binary((w) => text(w, 1, "é")));
  codec.encodeJsonBytes(binary((w) => text(w, 1, "other")));
  assert.equal(Buffer.from(bytes).toString(), '{"title":"é"}');
});

test("an error leaves nothing behind", () => {
  const codec = testCodec().message(messageDesc("all.Tree"));
  assert.throws(() =>
    codec.encodeJson(
      binary((w) => message(text(w, 1, "é"), 2, (t) => t.tag(1, WireType.LengthDelimited).uint32(5))),
    ),
  );
  assert.equal(codec.encodeJson(new Uint8Array(0)), "{}");
});
