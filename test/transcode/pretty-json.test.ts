import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { prettyJson } from "../../src/transcode/pretty-json.ts";

test("pretty printing is what JSON.stringify prints with two spaces", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(prettyJson(JSON.stringify(value)), JSON.stringify(value, undefined, 2));
    }),
  );
});

test("digits and escapes stay as they were written", () => {
  assert.equal(
    prettyJson('{"a":18446744073709551615,"b":"\\u00e9\\"{,:","c":[],"d":[1.0,{}]}'),
    '{\n  "a": 18446744073709551615,\n  "b": "\\u00e9\\"{,:",\n  "c": [],\n  "d": [\n    1.0,\n    {}\n  ]\n}',
  );
});
