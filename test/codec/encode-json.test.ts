// Every rule of printing ProtoJSON that protobuf-es, which reads into objects first, does not settle, fields first: binary
// that no serializer would write in that order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WireType } from "@bufbuild/protobuf/wire";
import { encode, int, message, packed, testPrinted, text, type Write } from "./encode-json-case.ts";

// all.Book: title 1, author 2 { given_name 1, birth_year 2 }, labels 3, years 4, pages 5
testPrinted([
  ["nothing", "all.Book", () => {}, "{}"],
  [
    "fields in the order of the binary",
    "all.Book",
    (w) => text(int(w, 5, 3), 1, "t"),
    '{"pages":3,"title":"t"}',
  ],
  [
    "the last of a scalar",
    "all.Book",
    (w) => int(text(int(w, 5, 1), 1, "t"), 5, 2),
    '{"pages":2,"title":"t"}',
  ],
  ["the last of a scalar, a default", "all.Book", (w) => int(int(w, 5, 1), 5, 0), "{}"],
  ["a default that was sent", "all.Book", (w) => text(int(w, 5, 0), 1, ""), "{}"],
  [
    "pieces of an embedded message, merged",
    "all.Book",
    (w) =>
      message(
        int(
          message(w, 2, (a) => text(int(a, 2, 1), 1, "a")),
          5,
          7,
        ),
        2,
        (a) => int(a, 2, 2),
      ),
    '{"author":{"birthYear":2,"givenName":"a"},"pages":7}',
  ],
  [
    "pieces of a list",
    "all.Book",
    (w) => int(packed(int(packed(w, 4, [1, 2]), 5, 9), 4, [3]), 4, 4),
    '{"years":[1,2,3,4],"pages":9}',
  ],
  [
    "packed and not, one after the other",
    "all.Book",
    (w) => int(packed(int(w, 4, 1), 4, [2, 3]), 4, 4),
    '{"years":[1,2,3,4]}',
  ],
  [
    "a packed list where the schema says unpacked",
    "old.Old",
    (w) => packed(w, 5, [1, 2]),
    '{"unpacked":[1,2]}',
  ],
  [
    "an unpacked list where the schema says packed",
    "old.Old",
    (w) => int(int(w, 6, 1), 6, 2),
    '{"packed":[1,2]}',
  ],
  ["an empty packed list", "all.Book", (w) => packed(w, 4, []), "{}"],
  [
    "a list split by an unknown field",
    "all.Book",
    (w) => int(int(int(w, 4, 1), 99, 5), 4, 2),
    '{"years":[1,2]}',
  ],
  [
    "unknown fields of every wire type",
    "all.Book",
    (w) => {
      text(int(w, 90, 1), 91, "x");
      w.tag(92, WireType.Bit32).fixed32(1).tag(93, WireType.Bit64).fixed64(1);
      int(w.tag(94, WireType.StartGroup), 1, 1).tag(94, WireType.EndGroup);
      int(w, 5, 3);
    },
    '{"pages":3}',
  ],
  [
    "a field of the wrong wire type as unknown",
    "all.Book",
    (w) => int(text(text(w, 5, "x"), 1, "t"), 1, 5),
    '{"title":"t"}',
  ],
  ["an int32 of ten bytes", "all.Book", (w) => int(w, 5, -1), '{"pages":-1}'],
  [
    "an int32 cut from 64 bits",
    "all.Book",
    (w) => w.tag(5, WireType.Varint).uint64(2n ** 32n + 5n),
    '{"pages":5}',
  ],
  [
    "a bool that is any number",
    "all.Scalars",
    (w) => w.tag(13, WireType.Varint).uint64(2n ** 40n),
    '{"boolValue":true}',
  ],
  // maps
  ["an entry without key and value", "all.Book", (w) => message(w, 3, () => {}), '{"labels":{"":0}}'],
  [
    "an entry without a value",
    "all.Maps",
    (w) => message(w, 41, (e) => text(e, 1, "a")),
    '{"toMessage":{"a":{}}}',
  ],
  [
    "an entry with the value first",
    "all.Book",
    (w) => message(w, 3, (e) => text(int(e, 2, 5), 1, "a")),
    '{"labels":{"a":5}}',
  ],
  [
    "an entry with two values",
    "all.Book",
    (w) => message(w, 3, (e) => int(int(text(e, 1, "a"), 2, 5), 2, 6)),
    '{"labels":{"a":6}}',
  ],
  [
    "an entry with two values that merge",
    "all.Maps",
    (w) =>
      message(w, 41, (e) =>
        message(
          message(text(e, 1, "a"), 2, (v) => int(v, 3, 1)),
          2,
          (v) => int(v, 5, 2),
        ),
      ),
    '{"toMessage":{"a":{"int32Value":1,"uint32Value":2}}}',
  ],
  [
    "the last of two entries with one key",
    "all.Book",
    (w) => {
      for (const [key, value] of [
        ["a", 1],
        ["b", 2],
        ["a", 3],
      ] as const)
        message(w, 3, (e) => int(text(e, 1, key), 2, value));
    },
    '{"labels":{"b":2,"a":3}}',
  ],
  [
    "a map in pieces",
    "all.Book",
    (w) =>
      message(
        int(
          message(w, 3, (e) => int(text(e, 1, "a"), 2, 1)),
          5,
          9,
        ),
        3,
        (e) => int(text(e, 1, "b"), 2, 2),
      ),
    '{"labels":{"a":1,"b":2},"pages":9}',
  ],
  [
    "keys that need escapes",
    "all.Book",
    (w) => {
      for (const [i, key] of ['"', "\\", "\n", "é", "__proto__"].entries())
        message(w, 3, (e) => int(text(e, 1, key), 2, i + 1));
    },
    '{"labels":{"\\"":1,"\\\\":2,"\\n":3,"é":4,"__proto__":5}}',
  ],
  [
    "an entry without a key, of every kind",
    "all.Maps",
    (w) => {
      for (const number of [1, 2, 9, 10]) message(w, number, () => {});
    },
    '{"byInt32":{"0":0},"byInt64":{"0":0},"bySfixed32":{"0":0},"bySfixed64":{"0":0}}',
  ],
  // oneofs: left 30, right 31
  ["the last member of a oneof", "all.Choice", (w) => text(text(w, 30, "a"), 31, "b"), '{"right":"b"}'],
  [
    "a oneof that comes back",
    "all.Choice",
    (w) => text(text(text(w, 30, "a"), 31, "b"), 30, "c"),
    '{"left":"c"}',
  ],
  [
    "a message of a oneof, not merged over another member",
    "all.Choice",
    (w) =>
      message(
        int(
          message(w, 21, (s) => int(s, 3, 1)),
          3,
          5,
        ),
        21,
        (s) => int(s, 5, 2),
      ),
    '{"scalars":{"uint32Value":2}}',
  ],
  ["the default in a oneof", "all.Choice", (w) => text(w, 30, ""), '{"left":""}'],
  // enums
  ["a number that an open enum does not know", "all.Scalars", (w) => int(w, 20, 77), '{"genre":77}'],
  ["the first of two names", "all.Scalars", (w) => int(w, 20, 1), '{"genre":"NOVEL"}'],
  [
    "a number that a closed enum does not know, as not set",
    "old.Old",
    (w) => int(int(w, 1, 5), 3, 9),
    '{"id":5}',
  ],
  ["such a number after a known one", "old.Old", (w) => int(int(w, 3, 2), 3, 9), '{"closed":"TWO"}'],
  ["such a number before a known one", "old.Old", (w) => int(int(w, 3, 9), 3, 2), '{"closed":"TWO"}'],
  [
    "such numbers in a list",
    "old.Old",
    (w) => packed(int(w, 4, 9), 4, [1, 9, 2]),
    '{"closeds":["ONE","TWO"]}',
  ],
  ["only such numbers in a list", "old.Old", (w) => int(w, 4, 9), "{}"],
  [
    "an entry of a map with such a number",
    "old.Old",
    (w) =>
      message(
        message(w, 12, (e) => int(text(e, 1, "a"), 2, 9)),
        12,
        (e) => int(text(e, 1, "b"), 2, 7),
      ),
    '{"closedByName":{"b":"LATER"}}',
  ],
  [
    "such an entry after a known one with its key, which stays",
    "old.Old",
    (w) => {
      for (const [key, value] of [
        ["a", 7],
        ["a", 9],
        ["b", 0],
        ["b", 7],
        ["c", 9],
      ] as const) {
        message(w, 12, (e) => int(text(e, 1, key), 2, value));
      }
    },
    '{"closedByName":{"a":"LATER","b":"LATER"}}',
  ],
  [
    "an entry whose last value a closed enum knows",
    "old.Old",
    (w) => {
      message(w, 12, (e) => int(int(text(e, 1, "a"), 2, 9), 2, 7));
      message(w, 12, (e) => text(e, 1, "a"));
    },
    '{"closedByName":{"a":"ZERO"}}',
  ],
  ["such a number in a oneof", "old.Old", (w) => int(text(w, 14, "x"), 13, 9), '{"textPick":"x"}'],
  // groups and extensions
  [
    "a group in two pieces",
    "old.Old",
    (w) => {
      int(w.tag(7, WireType.StartGroup), 1, 5).tag(7, WireType.EndGroup);
      int(w, 1, 3);
      message(w.tag(7, WireType.StartGroup), 2, (old) => int(old, 1, 4)).tag(7, WireType.EndGroup);
    },
    '{"part":{"size":5,"inner":{"id":4}},"id":3}',
  ],
  [
    "a field with a group where it is length-prefixed, as unknown",
    "all.Book",
    (w) => int(w.tag(2, WireType.StartGroup), 2, 1).tag(2, WireType.EndGroup),
    "{}",
  ],
  [
    "extensions",
    "old.Old",
    (w) => message(text(int(int(w, 1, 1), 100, 5), 101, "a"), 103, (h) => text(h, 1, "n")),
    '{"id":1,"[old.number]":5,"[old.words]":["a"],"[old.Holder.held]":{"note":"n"}}',
  ],
]);

test("disorder inside disorder costs two passes, not two to the power of the depth", () => {
  // Each level holds the next one, then a scalar twice: whoever starts over at each level doubles the work each time.
  let level: Write = () => {};
  for (let depth = 0; depth < 90; depth++) {
    const inner = level;
    level = (w) => text(text(message(w, 2, inner), 1, "a"), 1, "b");
  }
  const json = encode("all.Tree", level);
  assert.equal(json.split('"label":"b"').length, 91);
});
