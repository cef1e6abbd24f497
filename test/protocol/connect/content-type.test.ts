import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptPost, parseContentType } from "../../../src/protocol/connect/content-type.ts";

const rows: readonly [text: string | undefined, expected: string | undefined, why: string][] = [
  ["application/proto", "application/proto", "binary, unary"],
  ["application/json", "application/json", "JSON, unary"],
  ["application/connect+proto", "application/connect+proto", "binary, streaming"],
  ["application/connect+json", "application/connect+json", "JSON, streaming"],
  ["application/json; charset=utf-8", "application/json", "what browsers add"],
  ['application/json;charset="UTF-8"', "application/json", "quoted, in capitals"],
  ["Application/JSON", "application/json", "media types are case-insensitive"],
  ["application/json; charset=latin1", undefined, "JSON is UTF-8"],
  ["application/json; charset=utf-16; charset=utf-8", undefined, "the first charset counts"],
  ["application/json; charset=", undefined, "no charset has that name"],
  ["application/json; profile=x", "application/json", "other parameters mean nothing to us"],
  ["application/grpc", undefined, "another protocol's"],
  ["application/connect+xml", undefined, "a codec that there is none of"],
  ["application/connect", undefined, "no codec"],
  ["application/x-www-form-urlencoded", undefined, "what curl says where nobody tells it"],
  ["", undefined, "nothing"],
  [undefined, undefined, "no header"],
];
for (const [text, expected, why] of rows) {
  test(`content type ${JSON.stringify(text)} is ${expected ?? "none of ours"}: ${why}`, () => {
    assert.equal(parseContentType(text)?.text, expected);
  });
}

test("Accept-Post lists the types of one kind of method", () => {
  assert.equal(acceptPost(false), "application/proto, application/json");
  assert.equal(acceptPost(true), "application/connect+proto, application/connect+json");
});
