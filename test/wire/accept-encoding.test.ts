import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { negotiateEncoding, type TieBreak } from "../../src/wire/accept-encoding.ts";
import { compressions } from "../../src/wire/compression.ts";

const none = "identity";

const rows: readonly [accept: string | undefined, coding: string, identity: boolean, why: string][] = [
  [undefined, none, true, "a client that does not ask may not inflate"],
  ["", none, true, "an empty list accepts identity only"],
  ["gzip", "gzip", true, "the usual request of a library"],
  ["gzip, deflate, br, zstd", "gzip", true, "a browser: weights are equal, so ours is the order"],
  ["deflate, gzip, br, zstd", "gzip", true, "curl --compressed, whose order says nothing"],
  ["zstd;q=0.9, br;q=1, gzip;q=0.8", "br", true, "the greatest weight"],
  ["br;q=0.001", "br", true, "three digits"],
  ["gzip;q=0", none, true, "a weight of zero is a no"],
  ["gzip;q=0, *", "br", true, "the star is for what is not named"],
  ["*", "gzip", true, "the star alone"],
  ["*;q=0", none, false, "the star is for identity too where nothing names it"],
  ["*;q=0, br", "br", false, "and only br is left"],
  ["identity;q=0", none, false, "nothing is named, nothing may be used"],
  ["identity;q=0, *", "gzip", false, "anything but identity"],
  ["identity;q=0, deflate", "deflate", false, "the one that is left"],
  ["identity, gzip;q=0.5", none, true, "identity weighs more"],
  ["identity;q=0.5, gzip", "gzip", true, "identity weighs less"],
  ["identity, gzip", "gzip", true, "of equal weights the smaller body"],
  ["identity;q=0.5, *;q=0.1", none, true, "the star weighs less than identity"],
  ["snappy, lzma, br", "br", true, "the unknown are skipped"],
  ["snappy", none, true, "nothing that we have"],
  ["GZIP ; Q=1.000", "gzip", true, "names and q in any case, with white space"],
  ["x-gzip", "gzip", true, "the old name, RFC 9110 §8.4.1.3"],
  ["gzip;q=2, br", "br", true, "a weight beyond one is none"],
  ["gzip;q=-1", none, true, "nor is one below zero"],
  ["gzip;q=0.1234, br;q=0.1", "br", true, "nor one of four digits"],
  ["gzip;q=abc;q=1, br", "br", true, "nor a word"],
  [",,;q=1, , br", "br", true, "empty entries are skipped"],
  ["gzip, gzip;q=0", "gzip", true, "the first word counts"],
  ["__proto__, constructor, br", "br", true, "names of objects are names"],
  [`${"x,".repeat(40)}gzip`, none, true, "what comes after 32 entries is not looked at"],
];

for (const [accept, coding, identity, why] of rows) {
  test(`Accept-Encoding ${JSON.stringify(accept?.slice(0, 40))} is ${coding}: ${why}`, () => {
    const found = negotiateEncoding(accept, "ours");
    assert.equal(found.compression?.name ?? none, coding);
    assert.equal(found.identity, identity);
  });
}

test("where the order of the list counts, the first of equal weights is taken", () => {
  const chosen = (accept: string): string | undefined => negotiateEncoding(accept, "list").compression?.name;
  assert.equal(chosen("deflate, gzip, br"), "deflate");
  assert.equal(chosen("deflate;q=0.9, zstd, gzip"), "zstd");
  assert.equal(chosen("br;q=0.1, *"), "gzip");
});

test("any text at all is read, and what is chosen is not refused by it", () => {
  const list = fc.array(
    fc.tuple(
      fc.constantFrom("gzip", "br", "zstd", "deflate", "identity", "*", "snappy"),
      fc.constantFrom("", ";q=0", ";q=0.5", ";q=1", "; q = 0.3"),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.oneof(list, fc.string()), fc.constantFrom<TieBreak>("ours", "list"), (given, ties) => {
      const accept =
        typeof given === "string" ? given : given.map(([name, weight]) => name + weight).join(", ");
      const { compression } = negotiateEncoding(accept, ties);
      if (compression === undefined) return;
      assert.equal(compressions.get(compression.name), compression);
      if (typeof given === "string") return;
      const named = given.find(([name]) => name === compression.name) ?? given.find(([name]) => name === "*");
      assert.ok(named !== undefined && named[1] !== ";q=0", accept);
    }),
  );
});
