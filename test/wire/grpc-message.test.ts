import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeGrpcMessage, encodeGrpcMessage } from "../../src/wire/grpc-message.ts";

const encodeRows: readonly [message: string, text: string, reason: string][] = [
  ["not found", "not found", "printable ASCII stays"],
  ["100%", "100%25", "the percent sign"],
  ["é", "%C3%A9", "UTF-8"],
  ["a\nb", "a%0Ab", "control characters"],
  [" a ", "%20a%20", "HTTP strips spaces at either end"],
  [" ", "%20", "a lone space"],
  ["\x7f", "%7F", "DEL is not printable"],
  ["\ud800", "%EF%BF%BD", "a lone surrogate cannot be UTF-8"],
  ["", "", "empty"],
];
for (const [message, text, reason] of encodeRows) {
  test(`${JSON.stringify(message)} is written as ${text}: ${reason}`, () => {
    assert.equal(encodeGrpcMessage(message), text);
  });
}

const decodeRows: readonly [text: string, message: string, reason: string][] = [
  ["100%25", "100%", "a triple"],
  ["50% off", "50% off", "a stray percent sign stays"],
  ["50%25%", "50%%", "also beside a triple"],
  ["%zz%C3%A9", "%zzé", "what is no triple stays, the rest decodes"],
  ["%FF", "\ufffd", "not UTF-8"],
  ["Ã©", "é", "raw UTF-8, handed over as Latin-1"],
  ["caf\xe9", "caf\xe9", "raw Latin-1 stays"],
  ["日本", "日本", "what no HTTP stack hands over stays"],
  ["a+b%2Fc", "a+b/c", "plus is plus"],
];
for (const [text, message, reason] of decodeRows) {
  test(`${JSON.stringify(text)} reads as ${JSON.stringify(message)}: ${reason}`, () => {
    assert.equal(decodeGrpcMessage(text), message);
  });
}

test("decoding is the inverse of encoding, and the wire text is printable ASCII without spaces at its ends", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (message) => {
      const text = encodeGrpcMessage(message);
      assert.match(text, /^(?! )[ -~]*(?<! )$/);
      assert.equal(decodeGrpcMessage(text), message);
    }),
  );
});

test("no text makes decoding throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => typeof decodeGrpcMessage(text) === "string"),
  );
});
