import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeMultiSegment, decodeQueryText, normalizeSegment } from "../../src/transcode/path-text.ts";

const reserved = "%21%23%24%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D";

for (const [unescaping, expected, fact] of [
  ["except-slash", "!#$&'()*+,%2F:;=?@[]", "but the slash"],
  ["all-except-reserved", reserved, "but the reserved characters"],
  ["all", "!#$&'()*+,/:;=?@[]", "without exception"],
] as const) {
  test(`${unescaping} decodes a variable of several segments ${fact}`, () => {
    assert.equal(decodeMultiSegment(reserved, unescaping), expected);
    assert.equal(decodeMultiSegment("a%20b%C3%A9%7e", unescaping), "a b\u00e9~");
    assert.equal(decodeMultiSegment("a/%2", unescaping), undefined);
    assert.equal(decodeMultiSegment("%C3%2F%A9", unescaping), undefined);
  });
}

test("a kept triple stays as it is written", () => {
  assert.equal(decodeMultiSegment("a%2fb%2Fc%252F", "except-slash"), "a%2fb%2Fc%2F");
});

test("an encoded query text decodes to itself, with either form of a space", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const encoded = encodeURIComponent(text);
      assert.equal(decodeQueryText(encoded), text);
      assert.equal(decodeQueryText(encoded.replaceAll("%20", "+")), text);
    }),
  );
});

test("decoding is total", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const unescaping of ["except-slash", "all-except-reserved", "all"] as const)
        decodeMultiSegment(text, unescaping);
      decodeQueryText(text);
    }),
  );
});

test("a normalized segment stays as it is, and a malformed one is not made valid", () => {
  assert.equal(normalizeSegment("%7e%2f%C3"), "~%2F%C3");
  assert.equal(normalizeSegment("%2%35"), "%2%35");
  fc.assert(
    fc.property(fc.string(), (text) => {
      const normal = normalizeSegment(text);
      assert.equal(normalizeSegment(normal), normal);
    }),
  );
});
