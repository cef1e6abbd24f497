import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { didYouMean, nearestName } from "../../src/schema/nearest-name.ts";

const words = ["listen", "admin", "upstreams", "descriptorSets", "protos", "protoPaths", "profile"];

const rows: readonly (readonly [word: string, nearest: string | undefined, reason: string])[] = [
  ["upstream", "upstreams", "a letter is missing"],
  ["lisetn", "listen", "two letters are swapped"],
  ["LISTEN", "listen", "case does not count"],
  ["descriptor-sets", "descriptorSets", "dashes do not count"],
  ["proto", "protos", "the closest of two that begin alike"],
  ["desc", "descriptorSets", "the beginning of a word stands for it"],
  ["listeners", "listen", "a word that goes on stands for it"],
  ["admin.listen", undefined, "a dotted path that goes on means something else"],
  ["port", undefined, "two letters of five would be a guess"],
  ["timeout", undefined, "nothing is close"],
  ["", undefined, "an empty word is like none"],
  ["x".repeat(100_000), undefined, "a word too long for a typo costs nothing"],
];
for (const [word, nearest, reason] of rows) {
  test(`\`${word.slice(0, 20)}\` means ${nearest ?? "nothing"}: ${reason}`, () => {
    assert.equal(nearestName(word, words), nearest);
  });
}

test("a valid word is nearest to itself", () => {
  fc.assert(
    fc.property(fc.constantFrom(...words), (word) => {
      assert.equal(nearestName(word, words), word);
    }),
  );
});

test("a hint is the tail of a sentence, or empty", () => {
  assert.equal(didYouMean("lisen", words), ", did you mean `listen`?");
  assert.equal(didYouMean("zzz", words), "");
});
