// The JSON of one field, as `body: "book"` and `response_body: "book"` use it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { Code } from "../../src/rpc/code.ts";
import { fieldDesc, messageDesc, testCodec, utf8 } from "./schema.ts";

const rows: readonly (readonly [reason: string, type: string, field: string, json: string])[] = [
  ["a scalar", "all.Scalars", "int32_value", "5"],
  ["a string", "all.Book", "title", '"é"'],
  ["an enum", "all.Scalars", "genre", '"POETRY"'],
  ["a message", "all.Book", "author", '{"givenName":"a","birthYear":5}'],
  ["an empty message", "all.Book", "author", "{}"],
  ["a list", "all.Book", "years", "[1,2]"],
  ["a list of messages", "all.Shelf", "books", '[{"title":"a"},{}]'],
  ["a map", "all.Book", "labels", '{"a":1}'],
  ["a member of a oneof", "all.Choice", "left", '""'],
  ["a timestamp", "all.Known", "timestamp", '"1970-01-01T00:00:01Z"'],
  ["a Value", "all.Known", "value", "null"],
  ["a Struct", "all.Known", "struct", '{"a":[1]}'],
  ["a group", "old.Old", "part", '{"size":1}'],
];

for (const [reason, type, name, json] of rows) {
  test(`${reason} survives the way to binary and back`, () => {
    const desc = fieldDesc(type, name);
    const codec = testCodec().field(desc);
    assert.equal(codec.desc, desc);
    const binary = codec.decodeJson(utf8(json));
    assert.equal(codec.encodeJson(binary), json);
    assert.equal(Buffer.from(codec.encodeJsonBytes(binary)).toString(), json);
    // protobuf-es prints no proto2 message whose required fields are missing.
    if (type === "old.Old") return;
    const whole = toJson(messageDesc(type), fromBinary(messageDesc(type), binary));
    assert.deepEqual(whole, { [desc.jsonName]: JSON.parse(json) });
  });
}

test("the field is found among others, last one wins, pieces are put together", () => {
  const part = (name: string, json: string): Uint8Array =>
    testCodec().field(fieldDesc("all.Book", name)).decodeJson(utf8(json));
  const message = Buffer.concat([
    part("years", "[1]"),
    part("pages", "1"),
    part("author", '{"givenName":"a"}'),
    part("years", "[2]"),
    part("pages", "2"),
    part("author", '{"birthYear":5}'),
  ]);
  const encode = (name: string): string => testCodec().field(fieldDesc("all.Book", name)).encodeJson(message);
  assert.equal(encode("years"), "[1,2]");
  assert.equal(encode("pages"), "2");
  assert.equal(encode("author"), '{"givenName":"a","birthYear":5}');
});

test("a member of a oneof that another one replaced is not set", () => {
  const left = testCodec().field(fieldDesc("all.Choice", "left"));
  const right = testCodec().field(fieldDesc("all.Choice", "right"));
  const message = Buffer.concat([left.decodeJson(utf8('"a"')), right.decodeJson(utf8('"b"'))]);
  assert.equal(left.encodeJson(message), '""');
  assert.equal(right.encodeJson(message), '"b"');
});

const unset: readonly (readonly [type: string, field: string, json: string])[] = [
  ["all.Scalars", "int32_value", "0"],
  ["all.Scalars", "uint64_value", '"0"'],
  ["all.Scalars", "bool_value", "false"],
  ["all.Scalars", "bytes_value", '""'],
  ["all.Scalars", "genre", '"GENRE_UNSPECIFIED"'],
  ["all.Optionals", "double_value", "0"],
  ["all.Book", "author", "{}"],
  ["all.Book", "years", "[]"],
  ["all.Book", "labels", "{}"],
  ["all.Known", "timestamp", "null"],
  ["all.Known", "value", "null"],
  ["all.Known", "any", "null"],
  ["all.Known", "string_value", "null"],
  ["all.Known", "null_value", "null"],
  ["old.Old", "text", '"a\\"b"'],
  ["old.Old", "closed", '"ONE"'],
  ["old.Old", "big", '"-9007199254740993"'],
  ["old.Old", "inf", '"Infinity"'],
  ["old.Old", "raw", '"Af8="'],
];

for (const [type, name, json] of unset) {
  test(`${type}.${name} that is not set prints ${json}`, () => {
    assert.equal(testCodec().field(fieldDesc(type, name)).encodeJson(new Uint8Array(0)), json);
  });
}

test("a message that is not set prints its defaults where defaults are printed", () => {
  const author = testCodec({ emitDefaults: true }).field(fieldDesc("all.Book", "author"));
  assert.equal(author.encodeJson(new Uint8Array(0)), '{"givenName":"","birthYear":0}');
  assert.equal(author.encodeJson(utf8("\n\u0001a")), '{"givenName":"","birthYear":0}');
  const left = testCodec({ emitDefaults: true, emitNulls: true }).field(fieldDesc("all.Tree", "left"));
  assert.equal(left.encodeJson(new Uint8Array(0)), '{"label":"","left":null,"children":[],"named":{}}');
  const known = testCodec({ emitDefaults: true }).field(fieldDesc("all.Known", "timestamp"));
  assert.equal(known.encodeJson(new Uint8Array(0)), "null");
});

test("null is no bytes, except where it is a value", () => {
  const decode = (type: string, name: string): Uint8Array =>
    testCodec().field(fieldDesc(type, name)).decodeJson(utf8(" null "));
  assert.equal(decode("all.Book", "author").length, 0);
  assert.equal(decode("all.Book", "years").length, 0);
  assert.equal(Buffer.from(decode("all.Known", "value")).toString("hex"), "32020800");
});

test("errors and text after the value are refused as in a message", () => {
  const codec = testCodec().field(fieldDesc("all.Shelf", "books"));
  assert.throws(() => codec.decodeJson(utf8('[{"pages":"x"}]')), {
    code: Code.INVALID_ARGUMENT,
    rawMessage: '[0].pages: expected int32, got "x" (line 1, column 11)',
  });
  assert.throws(() => codec.decodeJson(utf8("[] []")), { code: Code.INVALID_ARGUMENT });
  assert.throws(() => codec.encodeJson(Uint8Array.of(0x0a)), { code: Code.INTERNAL });
});
