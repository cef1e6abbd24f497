// Reading ProtoJSON, the members of a message: their names, null, duplicates, lists, maps, oneofs, and what proto2, editions
// and extensions make of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, refusal, strict, testAccepted, testRefused } from "./decode-json-case.ts";
import { messageDesc, utf8 } from "./schema.ts";

testAccepted([
  // names
  ["a JSON name", "all.Scalars", '{"int32Value":1}', { int32Value: 1 }],
  ["a proto name", "all.Scalars", '{"int32_value":1}', { int32Value: 1 }],
  ["a name with escapes", "all.Scalars", '{"int32\\u0056alue":1}', { int32Value: 1 }],
  ["a declared json_name", "all.Traps", '{"@other name":"a"}', { "@other name": "a" }],
  ["the proto name of a field with a json_name", "all.Traps", '{"renamed":"a"}', { "@other name": "a" }],
  [
    "names that are traps",
    "all.Traps",
    '{"constructor":"c","toString":"t"}',
    { constructor: "c", toString: "t" },
  ],
  ["the largest field number", "all.Traps", '{"far":"x"}', { far: "x" }],
  ["members out of order", "all.Book", '{"pages":1,"title":"t"}', { title: "t", pages: 1 }],
  [
    "white space everywhere",
    "all.Book",
    ' {\n"years"\t:\r[ 1 , 2 ] , "pages" : 3 } \n',
    { years: [1, 2], pages: 3 },
  ],
  ["no members", "all.Book", "{}", {}],
  // null
  ["null as not set, of any kind", "all.Book", '{"title":null,"author":null,"labels":null,"years":null}', {}],
  ["null in an optional", "all.Optionals", '{"stringValue":null}', {}],
  ["null in a oneof beside another member", "all.Choice", '{"left":null,"right":"r"}', { right: "r" }],
  ["null of a Value", "all.Known", '{"value":null}', { value: null }],
  ["null of a NullValue", "all.Known", '{"maybeNull":null}', { maybeNull: null }],
  ["NULL_VALUE by name", "all.Known", '{"maybeNull":"NULL_VALUE"}', { maybeNull: null }],
  ["null of a Value in a oneof", "all.Choice", '{"value":null}', { value: null }],
  ["null of a NullValue in a oneof", "all.Choice", '{"nullValue":null}', { nullValue: null }],
  ["null of a wrapper as not set", "all.Choice", '{"wrapped":null,"boolValue":true}', { boolValue: true }],
  [
    "nulls in lists that have one",
    "all.Known",
    '{"values":[null,1],"nulls":[null]}',
    { values: [null, 1], nulls: [null] },
  ],
  [
    "nulls in maps that have one",
    "all.Maps",
    '{"toValue":{"a":null},"toNull":{"b":null}}',
    { toValue: { a: null }, toNull: { b: null } },
  ],
  // duplicate keys: the last wins, and replaces
  ["a scalar twice", "all.Book", '{"pages":1,"pages":2}', { pages: 2 }],
  ["a scalar by both names", "all.Scalars", '{"int32Value":1,"int32_value":2}', { int32Value: 2 }],
  ["a scalar, then its default", "all.Book", '{"pages":1,"title":"t","pages":0}', { title: "t" }],
  ["a scalar, then null", "all.Book", '{"pages":1,"pages":null}', {}],
  ["null, then a scalar", "all.Book", '{"pages":null,"pages":3}', { pages: 3 }],
  ["three times with null between", "all.Book", '{"pages":1,"pages":null,"pages":3}', { pages: 3 }],
  [
    "a message twice is not merged",
    "all.Book",
    '{"author":{"givenName":"a"},"title":"t","author":{"birthYear":1}}',
    { author: { birthYear: 1 }, title: "t" },
  ],
  ["a list twice is not appended", "all.Book", '{"years":[1,2],"years":[3]}', { years: [3] }],
  ["a list, then an empty one", "all.Book", '{"years":[1,2],"years":[]}', {}],
  ["a map twice is not merged", "all.Book", '{"labels":{"a":1},"labels":{"b":2}}', { labels: { b: 2 } }],
  ["a key of a map twice", "all.Book", '{"labels":{"a":1,"a":2}}', { labels: { a: 2 } }],
  [
    "a key of a map to messages twice is not merged",
    "all.Maps",
    '{"toMessage":{"a":{"int32Value":1},"a":{"boolValue":true}}}',
    { toMessage: { a: { boolValue: true } } },
  ],
  [
    "a key of a Struct twice",
    "all.Known",
    '{"struct":{"a":{"x":1},"a":{"y":2}}}',
    { struct: { a: { y: 2 } } },
  ],
  ["the same member of a oneof twice", "all.Choice", '{"left":"a","left":"b"}', { left: "b" }],
  [
    "a member of a oneof that gives way",
    "all.Choice",
    '{"left":"a","left":null,"right":"b"}',
    { right: "b" },
  ],
  [
    "duplicates inside a message that is repeated",
    "all.Shelf",
    '{"books":[{"pages":1,"pages":2},{"years":[1],"years":[2]}]}',
    { books: [{ pages: 2 }, { years: [2] }] },
  ],
  [
    "duplicates of a large message",
    "all.Book",
    `{"author":{"givenName":"${"a".repeat(300)}"},"author":{"givenName":"b"}}`,
    { author: { givenName: "b" } },
  ],
  [
    "a group twice",
    "ed.Ed",
    '{"group":{"implicit":1},"text":"t","group":{"explicit":2}}',
    { group: { explicit: 2 }, text: "t" },
  ],
  // maps
  [
    "keys of integers",
    "all.Maps",
    '{"byInt32":{"-1":1},"byUint64":{"18446744073709551615":2}}',
    { byInt32: { "-1": 1 }, byUint64: { "18446744073709551615": 2 } },
  ],
  ["keys of bools", "all.Maps", '{"byBool":{"true":1,"false":2}}', { byBool: { true: 1, false: 2 } }],
  ["the empty key", "all.Maps", '{"byString":{"":1}}', { byString: { "": 1 } }],
  [
    "a key with escapes",
    "all.Maps",
    '{"byInt32":{"\\u0031":1},"byString":{"\\n":2}}',
    { byInt32: { "1": 1 }, byString: { "\n": 2 } },
  ],
  // proto2, editions, extensions
  [
    "a proto2 group",
    "old.Old",
    '{"id":1,"part":{"size":2,"inner":{"id":3}},"bit":[{"size":1},{}]}',
    { id: 1, part: { size: 2, inner: { id: 3 } }, bit: [{ size: 1 }, {}] },
  ],
  ["a zero with presence", "old.Old", '{"id":0,"text":""}', { id: 0, text: "" }],
  [
    "extensions by full name",
    "old.Old",
    '{"id":1,"[old.number]":5,"[old.words]":["a"],"[old.Holder.held]":{"note":"n"}}',
    { id: 1, "[old.number]": 5, "[old.words]": ["a"], "[old.Holder.held]": { note: "n" } },
  ],
  ["presence of editions", "ed.Ed", '{"implicit":0,"explicit":0}', { explicit: 0 }],
  [
    "delimited encoding",
    "ed.Ed",
    '{"groups":[{"implicit":1},{"group":{"text":"x"}}]}',
    { groups: [{ implicit: 1 }, { group: { text: "x" } }] },
  ],
]);

testRefused([
  // names
  [
    "an unknown name",
    "all.Book",
    '{"author":{"surname":"x"}}',
    "author.surname: all.Author has no such field (line 1, column 12)",
  ],
  [
    "another spelling of a name",
    "all.Book",
    '{"Pages":1}',
    'Pages: all.Book has no such field, did you mean "pages"? (line 1, column 2)',
  ],
  [
    "an extension that is none",
    "old.Old",
    '{"[old.nothing]":1}',
    "[old.nothing]: old.Old has no such field (line 1, column 2)",
  ],
  [
    "an extension of another message",
    "all.Book",
    '{"[old.number]":1}',
    "[old.number]: all.Book has no such field (line 1, column 2)",
  ],
  [
    "@type outside an Any",
    "all.Book",
    '{"@type":"x/all.Book"}',
    '["@type"]: all.Book has no such field (line 1, column 2)',
  ],
  // null, lists, maps, oneofs
  [
    "null in a list",
    "all.Book",
    '{"years":[1,null]}',
    "years[1]: expected an element that is not null, got null (line 1, column 13)",
  ],
  [
    "null in a list of messages",
    "all.Shelf",
    '{"books":[null]}',
    "books[0]: expected an element that is not null",
  ],
  [
    "null in a map",
    "all.Book",
    '{"labels":{"a":null}}',
    "labels.a: expected a value that is not null, got null",
  ],
  ["one value for a list", "all.Book", '{"years":1}', "years: expected an array of int32, got 1"],
  [
    "an object for a list",
    "all.Shelf",
    '{"books":{}}',
    "books: expected an array of all.Book, got an object",
  ],
  ["a list for a map", "all.Book", '{"labels":[]}', "labels: expected an object, got an array"],
  [
    "a list for a message",
    "all.Book",
    '{"author":[]}',
    "author: expected an object of all.Author, got an array",
  ],
  ["a key of the wrong type", "all.Maps", '{"byInt32":{"a":1}}', 'byInt32.a: expected int32, got "a"'],
  ["a key out of range", "all.Maps", '{"byUint32":{"-1":1}}', 'expected uint32, got "-1"'],
  ["a key that is no bool", "all.Maps", '{"byBool":{"TRUE":1}}', 'byBool.TRUE: expected "true" or "false"'],
  [
    "two members of a oneof",
    "all.Choice",
    '{"left":"a","right":"b"}',
    "right: another field of oneof other is set already (line 1, column 13)",
  ],
  [
    "two members of a oneof, one the default",
    "all.Choice",
    '{"int32Value":0,"boolValue":false}',
    "boolValue: another field of oneof kind is set already",
  ],
  [
    "two members of a oneof, one a null that counts",
    "all.Choice",
    '{"value":null,"boolValue":true}',
    "boolValue: another field of oneof kind",
  ],
]);

test("the name __proto__ is a name like any other", () => {
  assert.deepEqual(decode("all.Traps", '{"__proto__":"p"}'), { Proto: "p" });
  assert.equal(
    JSON.stringify(decode("all.Maps", '{"byString":{"__proto__":1}}')),
    '{"byString":{"__proto__":1}}',
  );
});

test("a field of a wide message is found whatever its place", () => {
  const json: Record<string, string> = {};
  for (let i = 79; i >= 0; i--) json[`f${i}`] = `${i}`;
  json.o39 = "last";
  assert.deepEqual(decode("all.Wide", JSON.stringify(json)), json);
  assert.match(refusal("all.Wide", '{"o0":"a","o39":"b"}'), /o39: another field of oneof far/);
});

test("packed and unpacked fields are written as their features say", () => {
  const hex = (type: string, json: string): string =>
    Buffer.from(strict.message(messageDesc(type)).decodeJson(utf8(json))).toString("hex");
  assert.equal(hex("all.Lists", '{"int32Value":[1,2]}'), "1a020102");
  assert.equal(hex("all.Lists", '{"loose":[1,2]}'), "b00101b00102");
  assert.equal(hex("old.Old", '{"unpacked":[1,2],"packed":[1,2]}'), "2801280232020102");
  assert.equal(hex("old.Old", '{"[old.packs]":[1,2]}'), "c206020102");
  assert.equal(hex("ed.Ed", '{"expanded":[1,2]}'), "28012802");
  assert.equal(hex("ed.Ed", '{"group":{"implicit":1}}'), "1b08011c");
  assert.equal(hex("all.Scalars", '{"int32Value":0,"stringValue":"","boolValue":false,"genre":0}'), "");
  assert.equal(hex("all.Lists", '{"int32Value":[]}'), "");
});
