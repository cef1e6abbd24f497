// Reading ProtoJSON under unknownFields "ignore": what is passed over, and that it must still be JSON.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Accepted, decode, lenient, refusal, strict } from "./decode-json-case.ts";

const ignored: readonly Accepted[] = [
  [
    "a member of any shape",
    "all.Book",
    '{"x":{"a":[1,{"b":"\\u0041"},null,true,-1.5e3]},"pages":1}',
    { pages: 1 },
  ],
  ["an empty object and array", "all.Book", '{"x":{},"y":[],"pages":1}', { pages: 1 }],
  [
    "members of an Any",
    "all.Known",
    '{"any":{"@type":"x/all.Author","surname":1,"birthYear":2}}',
    { any: { "@type": "x/all.Author", birthYear: 2 } },
  ],
  [
    "members beside the value of an Any",
    "all.Known",
    '{"any":{"a":1,"@type":"x/google.protobuf.Duration","value":"1s"}}',
    { any: { "@type": "x/google.protobuf.Duration", value: "1s" } },
  ],
  [
    "a name that the enum does not have",
    "all.Optionals",
    '{"genre":"PROSE","boolValue":true}',
    { boolValue: true },
  ],
  ["such a name after a value replaces it", "all.Optionals", '{"genre":"NOVEL","genre":"PROSE"}', {}],
  ["such names in lists", "all.Lists", '{"genre":["PROSE","NOVEL","PROSE"]}', { genre: ["NOVEL"] }],
  [
    "such names in lists that are not packed",
    "old.Old",
    '{"id":1,"closeds":["NONE","ONE"]}',
    { id: 1, closeds: ["ONE"] },
  ],
  ["such names in maps", "all.Maps", '{"toGenre":{"a":"PROSE","b":"NOVEL"}}', { toGenre: { b: "NOVEL" } }],
];

for (const [reason, type, json, expected] of ignored) {
  test(`ignored under unknownFields "ignore": ${reason}`, () => {
    assert.deepEqual(decode(type, json, lenient), expected);
    refusal(type, json, strict);
  });
}

test("what is skipped must still be JSON", () => {
  for (const json of [
    '{"x":[1,}',
    '{"x":{"a"}}',
    '{"x":{"a":01}}',
    '{"x":tru}',
    '{"x":"\\ud800"}',
    '{"x":{1:2}}',
    '{"x":',
  ]) {
    refusal("all.Book", json, lenient);
  }
});
