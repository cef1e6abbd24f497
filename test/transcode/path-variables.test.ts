import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProfileName } from "../../src/transcode/dialect.ts";
import { fixturesOf, refusalOf } from "./route-fixture.ts";

const messages = `
enum View { VIEW_UNSPECIFIED = 0; FULL = 2; }
message Author { string name = 1; int32 age = 2; google.protobuf.FieldMask mask = 3; }
message Book { string name = 1; Author author = 2; string title = 3; repeated Author more = 4; }
message Req {
  string text = 1; int64 number = 2; bool flag = 3; View view = 4; bytes raw = 5; double ratio = 6;
  google.protobuf.Timestamp at = 7; google.protobuf.Duration ttl = 8; google.protobuf.FieldMask mask = 9;
  google.protobuf.Int32Value boxed = 10; Book book = 11; repeated int32 nums = 12; map<string, string> labels = 13;
  google.protobuf.Struct struct = 14; oneof choice { string left = 15; string right = 16; Author third = 19; }
  google.protobuf.Any any = 17; string fooBar_baz = 18;
}`;

/** Rule, captures, what is bound or why the request is refused. */
const rows: readonly (readonly [string, readonly string[], object | string, fact: string])[] = [
  ['get: "/{text}"', ["a%20b%2Fc"], { text: "a b/c" }, "one segment decodes every triple"],
  ['get: "/{text}"', ["a+b"], { text: "a+b" }, "a plus in a path is a plus"],
  [
    'get: "/{text=**}"',
    ["a/b%2fc%20d%3D"],
    { text: "a/b%2fc d=" },
    "several segments keep an encoded slash as written",
  ],
  ['get: "/{text=a/*}"', ["a/b%2Fc"], { text: "a/b%2Fc" }, "two segments are several"],
  ['get: "/{text=**}"', ["%252F"], { text: "%2F" }, "a percent sign decodes, even before 2F"],
  ['get: "/{text=**}"', [""], {}, "** may capture nothing"],
  ['get: "/{text}"', ["%"], 'path variable "text": malformed percent-encoding in "%"', "a lone percent sign"],
  [
    'get: "/{text=**}"',
    ["a/%2"],
    'path variable "text": malformed percent-encoding in "a/%2"',
    "a short triple",
  ],
  [
    'get: "/{text}"',
    ["%C3"],
    'path variable "text": malformed percent-encoding in "%C3"',
    "half a character",
  ],
  ['get: "/{text}"', ["%C3%A9"], { text: "\u00e9" }, "UTF-8"],
  ['get: "/{number}"', ["-9223372036854775808"], { number: "-9223372036854775808" }, "an int64"],
  ['get: "/{number}"', ["x"], 'path variable "number": expected int64, got "x"', "no int64"],
  ['get: "/{flag}/{view}"', ["true", "FULL"], { flag: true, view: "FULL" }, "a bool and an enum"],
  ['get: "/{flag}/{view}"', ["false", "0"], {}, "and at their defaults"],
  ['get: "/{flag}/{view}"', ["true", "-1"], { flag: true, view: -1 }, "an undeclared enum number"],
  ['get: "/{raw}/{ratio}"', ["-_8", "1e3"], { raw: "+/8=", ratio: 1000 }, "bytes and a double"],
  [
    'get: "/{at}/{ttl}"',
    ["2026-01-31T00:00:00Z", "3s"],
    { at: "2026-01-31T00:00:00Z", ttl: "3s" },
    "Timestamp and Duration",
  ],
  ['get: "/{mask}/{boxed}"', ["a,bC", "0"], { mask: "a,bC", boxed: 0 }, "FieldMask and a wrapper"],
  [
    'get: "/{book.author.name}/{book.name}"',
    ["n", "b"],
    { book: { name: "b", author: { name: "n" } } },
    "nested fields",
  ],
  ['get: "/{third.name}"', ["n"], { third: { name: "n" } }, "a field in a member of a oneof"],
  ['get: "/{fooBar_baz}"', ["n"], { fooBar_baz: "n" }, "names are proto names, whatever their case"],
  ['get: "/{at.seconds}"', ["60"], { at: "1970-01-01T00:01:00Z" }, "a field of a well-known type"],

  ['get: "/{nope}"', [], 'refused: {nope}: no field "nope" in t.Req', "an absent field"],
  [
    'get: "/{fooBarBaz}"',
    [],
    'refused: {fooBarBaz}: no field "fooBarBaz" in t.Req; its proto name is "fooBar_baz"',
    "a JSON name",
  ],
  ['get: "/{book.nope}"', [], 'refused: {book.nope}: no field "nope" in t.Book', "an absent nested field"],
  [
    'get: "/{text.nope}"',
    [],
    'refused: {text.nope}: "text" is string, which has no fields of its own',
    "a field of a scalar",
  ],
  [
    'get: "/{book.more.name}"',
    [],
    'refused: {book.more.name}: "more" is repeated t.Author, which has no fields of its own',
    "a field of a repeated message",
  ],
  ['get: "/{book}"', [], "refused: {book}: a path variable cannot be bound to t.Book", "a message"],
  ['get: "/{any}"', [], "refused: {any}: a path variable cannot be bound to google.protobuf.Any", "an Any"],
  [
    'get: "/{struct}"',
    [],
    "refused: {struct}: a path variable cannot be bound to google.protobuf.Struct",
    "a Struct",
  ],
  [
    'get: "/{labels}"',
    [],
    "refused: {labels}: a path variable cannot be bound to map<string, string>",
    "a map",
  ],
  [
    'get: "/{nums}"',
    [],
    "refused: {nums}: a path variable cannot be bound to repeated int32",
    "a repeated field",
  ],
  [
    'get: "/{left}/{right}"',
    [],
    "refused: {right}: is in one oneof with {left}, only one can be set",
    "two members of a oneof",
  ],
  [
    'get: "/{left}/{third.name}"',
    [],
    "refused: {third.name}: is in one oneof with {left}, only one can be set",
    "one of them nested",
  ],
  ['get: "/{text}/{text}"', [], 'refused: column 10: "text" is bound twice', "one field twice"],
];

function check(profile: ProfileName, table: typeof rows): void {
  const outcomeOf = fixturesOf(messages, [...new Set(table.map(([rule]) => rule))], profile);
  for (const [rule, captures, expected, fact] of table) {
    test(`${fact}: ${rule} of ${captures.join(" ")}`, () => {
      const { fixture, reason } = outcomeOf(rule);
      if (fixture === undefined) assert.equal(`refused: ${reason}`, expected);
      else if (typeof expected === "object") assert.deepEqual(fixture.bind({ captures }), expected);
      else
        assert.equal(
          refusalOf(() => fixture.bind({ captures })),
          `INVALID_ARGUMENT: ${expected}`,
        );
    });
  }
}

describe("path variables", () => check("standard", rows));

describe("path variables of the grpc-gateway profile", () =>
  check("grpc-gateway", [
    ['get: "/{nums}"', ["1,2,-3"], { nums: [1, 2, -3] }, "a repeated field takes commas"],
    ['get: "/{nums}"', ["1,,2"], 'path variable "nums": expected int32, got ""', "but no empty number"],
    [
      'get: "/{labels}"',
      [],
      "refused: {labels}: a path variable cannot be bound to map<string, string>",
      "a map does not",
    ],
    ['get: "/{flag}"', ["T"], { flag: true }, "bools are Go's"],
    ['post: "/{nums}" body: "*"', ["1"], { nums: [1] }, "a repeated field of a body"],
  ]));

/** Rule, capture, JSON body, message. */
const contests: readonly (readonly [string, string, string, object, fact: string])[] = [
  ['post: "/{text}" body: "*"', "p", '{"text":"b","number":"1"}', { text: "p", number: "1" }, "a scalar"],
  ['post: "/{number}" body: "*"', "0", '{"number":"1"}', {}, "a scalar at its default"],
  [
    'post: "/{at}" body: "*"',
    "1970-01-01T00:00:00Z",
    '{"at":"2026-01-31T00:00:00.5Z"}',
    { at: "1970-01-01T00:00:00Z" },
    "a Timestamp at its default",
  ],
  ['post: "/{ttl}" body: "*"', "1s", '{"ttl":"2.5s"}', { ttl: "1s" }, "a Duration"],
  ['post: "/{boxed}" body: "*"', "0", '{"boxed":7}', { boxed: 0 }, "a wrapper at its default"],
  ['post: "/{mask}" body: "*"', "a", '{"mask":"b,c"}', { mask: "a" }, "a FieldMask, which would grow"],
  ['post: "/{left}" body: "*"', "p", '{"right":"b"}', { left: "p" }, "a member of a oneof"],
  [
    'post: "/{third.name}" body: "*"',
    "p",
    '{"right":"b","text":"t"}',
    { third: { name: "p" }, text: "t" },
    "a nested one",
  ],
  [
    'post: "/{book.name}" body: "*"',
    "p",
    '{"book":{"name":"b","title":"t"}}',
    { book: { name: "p", title: "t" } },
    "a nested field, beside its siblings",
  ],
  [
    'patch: "/{book.name}" body: "book"',
    "p",
    '{"name":"b","title":"t"}',
    { book: { name: "p", title: "t" } },
    "a field of the body's field",
  ],
  [
    'patch: "/{book.author.mask}" body: "book"',
    "a",
    '{"author":{"mask":"b","age":3},"title":"t"}',
    { book: { author: { mask: "a", age: 3 }, title: "t" } },
    "a FieldMask deep inside",
  ],
  ['post: "/{text}/x" body: "text"', "p", '"b"', { text: "p" }, "the body's field itself"],
];

describe("the path beats the body on", () => {
  const outcomeOf = fixturesOf(
    messages,
    contests.map(([rule]) => rule),
  );
  for (const [rule, capture, body, expected, fact] of contests) {
    test(`${fact}: ${rule}`, () => {
      assert.deepEqual(outcomeOf(rule).fixture?.bind({ captures: [capture], body }), expected);
    });
  }

  test("a body of protobuf too, and one that ends within a field cannot swallow it", () => {
    const { fixture } = outcomeOf('post: "/{text}" body: "*"');
    const contentType = "application/protobuf";
    const bind = (...body: number[]) =>
      fixture?.bind({ captures: ["p"], body: Uint8Array.from(body), contentType });
    assert.deepEqual(bind(0x0a, 1, 0x62, 0x10, 1), { text: "p", number: "1" });
    for (const body of [
      [0x0a, 9],
      [0x7a, 3, 0x61],
      [0x0b],
      [0x10],
      [0x80],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x0c],
      [0x00],
    ]) {
      assert.match(
        refusalOf(() => bind(...body)),
        /^INVALID_ARGUMENT: malformed protobuf/,
      );
    }
  });
});

test("the values of a repeated path variable replace those of the body", () => {
  const rule = 'post: "/{nums}" body: "*"';
  const { fixture } = fixturesOf(messages, [rule], "grpc-gateway")(rule);
  assert.deepEqual(fixture?.bind({ captures: ["1,2"], body: '{"nums":[7],"text":"t"}' }), {
    nums: [1, 2],
    text: "t",
  });
});
