import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodePercent } from "../../src/wire/percent.ts";

const keepSlash = (byte: number) => byte === 0x2f;

const rows: readonly [text: string, decoded: string | undefined, reason: string][] = [
  ["", "", "empty"],
  ["books", "books", "nothing to decode"],
  ["%62ooks", "books", "an unreserved character"],
  ["a%2Fb", "a/b", "a reserved one"],
  ["a%2fb", "a/b", "lower-case digits"],
  ["%C3%A9", "é", "two bytes of UTF-8"],
  ["%F0%9F%98%80", "😀", "four bytes"],
  ["%EF%BB%BFx", "\uFEFFx", "a byte order mark is a character"],
  ["%00", "\0", "a zero byte is the reader's concern"],
  ["a+b", "a+b", "plus is a space in queries only, and not here"],
  ["%", undefined, "no digits"],
  ["%2", undefined, "one digit"],
  ["%2G", undefined, "not hexadecimal"],
  ["%%32", undefined, "a percent sign before a triple"],
  ["100%", undefined, "at the end"],
  ["%C3", undefined, "half a character"],
  ["%C3x%A9", undefined, "a character torn apart"],
  ["%FF", undefined, "never a byte of UTF-8"],
  ["%C0%AF", undefined, "an overlong slash"],
  ["%ED%A0%80", undefined, "a surrogate"],
];
for (const [text, decoded, reason] of rows) {
  test(`${JSON.stringify(text)} decodes to ${JSON.stringify(decoded) ?? "nothing"}: ${reason}`, () => {
    assert.equal(decodePercent(text), decoded);
  });
}

test("a kept triple stays as it was written", () => {
  assert.equal(decodePercent("a%2Fb%2fc%20d", keepSlash), "a%2Fb%2fc d");
});

test("a kept triple does not join the halves of a character", () => {
  assert.equal(decodePercent("%C3%2F%A9", keepSlash), undefined);
});

test("decoding is the inverse of encodeURIComponent", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(decodePercent(encodeURIComponent(text)), text);
    }),
  );
});

test("it agrees with decodeURIComponent on any text", () => {
  const piece = fc.oneof(
    fc.constantFrom("%", "%2", "%C3", "%A9", "%F0%9F", "/", "é"),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("");
      let expected: string | undefined;
      try {
        expected = decodeURIComponent(text);
      } catch {}
      assert.equal(decodePercent(text), expected);
    }),
  );
});
