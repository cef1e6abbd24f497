import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type GetRequest, parseGetRequest } from "../../../src/protocol/connect/get-request.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";

type Row = readonly [query: string, message: string, why: string];

const good: readonly Row[] = [
  ["encoding=json&message=%7B%7D", "{}", "the least there is"],
  ["connect=v1&base64=1&encoding=proto&message=_-8", "\xff\xef", "the URL-safe alphabet, not padded"],
  ["connect=v1&base64=1&encoding=proto&message=_-8%3D", "\xff\xef", "padded, percent-encoded"],
  ["base64=1&encoding=proto&message=_-8=", "\xff\xef", "padded, as it is"],
  ["message=%7b%7d&encoding=json&connect=v1", "{}", "in any order"],
  ["encoding=json&x=%FF&message={}&", "{}", "unknown parameters are ignored, and so is an empty one"],
  ["encoding=json&message={}&message=[]", "{}", "the first of a name"],
  ["encoding=json&message=a+b%2B", "a b+", "a plus is a space, as in forms"],
  ["encoding=json&message=%C3%BC", "\xc3\xbc", "UTF-8"],
  ["encoding=proto&message=", "", "an empty message"],
  ["encoding=proto&message", "", "without even an equals sign"],
  ["base64=1&encoding=proto&message=", "", "an empty message in base64"],
  ["base64=0&encoding=json&message=e30", "e30", "other values of base64 are ignored"],
];
for (const [query, message, why] of good) {
  test(`?${query} is a message: ${why}`, () => {
    assert.equal(Buffer.from(parseGetRequest(query).message).toString("latin1"), message);
  });
}

const bad: readonly Row[] = [
  ["message={}", "encoding", "no codec"],
  ["encoding=json", "message", "no message"],
  ["", "encoding", "no query at all"],
  ["connect=v2&encoding=json&message={}", "connect", "another version"],
  ["connect=&encoding=json&message={}", "connect", "an empty version"],
  ["base64=1&encoding=proto&message=*", "base64", "no letter of the alphabet"],
  ["base64=1&encoding=proto&message=A", "base64", "one letter is less than a byte"],
  ["base64=1&encoding=proto&message=AA%3D", "base64", "padded wrong"],
  ["encoding=proto&message=%FF", "UTF-8", "binary without base64"],
  ["encoding=json&message=%7", "percent", "half a triple"],
];
for (const [query, word, why] of bad) {
  test(`?${query} is refused: ${why}`, () => {
    assert.throws(
      () => parseGetRequest(query),
      (error) =>
        error instanceof RpcError && error.code === Code.INVALID_ARGUMENT && error.rawMessage.includes(word),
    );
  });
}

test("every message comes back from its query, in base64 and as text, in any order and among strangers", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array(), fc.boolean(), order, (bytes, padded, places) => {
      const text = Buffer.from(bytes).toString("base64url");
      const padding = padded ? "%3D".repeat((4 - (text.length % 4)) % 4) : "";
      const parts = ["connect=v1", "base64=1", "encoding=proto", `message=${text}${padding}`, "x=%zz"];
      const got = parseGetRequest(places.map((place) => parts[place]).join("&"));
      assert.deepEqual([...got.message], [...bytes]);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const got = parseGetRequest(`encoding=json&message=${encodeURIComponent(text)}`);
      assert.equal(Buffer.from(got.message).toString(), text);
    }),
  );
});

test("whatever the query is, it is a message or INVALID_ARGUMENT", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "connect=v1",
      "encoding=json",
      "message=",
      "base64=1",
      "&",
      "=",
      "%",
      "%C3",
      "compression=gzip",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      let got: GetRequest;
      try {
        got = parseGetRequest(parts.join(""));
      } catch (error) {
        assert.ok(error instanceof RpcError && error.code === Code.INVALID_ARGUMENT);
        return;
      }
      assert.ok(got.message instanceof Uint8Array);
    }),
    { numRuns: 500 },
  );
});
