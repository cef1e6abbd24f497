import assert from "node:assert/strict";
import { test } from "node:test";
import { isSelector, matchesSelector } from "../../src/schema/selector.ts";

const matches: [selector: string, method: string, matches: boolean, reason: string][] = [
  ["demo.Library.Get", "demo.Library.Get", true, "the method itself"],
  ["demo.Library.Get", "demo.Library.GetAll", false, "a longer name is another method"],
  ["demo.Library.*", "demo.Library.Get", true, "all methods of a service"],
  ["demo.*", "demo.Library.Get", true, "everything below a package"],
  ["demo.*", "demo.v1.Library.Get", true, "packages below it too"],
  ["demo.*", "demonstration.Library.Get", false, "a name ends at its dot"],
  ["*", "demo.Library.Get", true, "everything"],
];
for (const [selector, method, expected, reason] of matches) {
  test(`${selector} ${expected ? "matches" : "does not match"} ${method}: ${reason}`, () => {
    assert.equal(matchesSelector(selector, method), expected);
  });
}

test("a selector is a name, a name before .* or a star", () => {
  for (const text of ["a.B.C", "a", "a.*", "a.b_2.*", "*"]) assert.ok(isSelector(text), text);
  for (const text of ["", ".a", "a.", "a..b", "a*", "*.a", "a.*.b", "**", "a b", "1a"])
    assert.ok(!isSelector(text), text);
});
