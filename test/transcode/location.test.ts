// semantics "Responses": a method's policy may declare the field that becomes `Location`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type DescMessage, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { compileLocation } from "../../src/transcode/location.ts";
import { compileSchema, refusalOf } from "./route-fixture.ts";

const registry = compileSchema(`
  message Book { string name = 1; int64 id = 2; Book parent = 3; }
  message Reply {
    Book book = 1; string url = 2; bool flag = 3; repeated string urls = 4;
    int32 a = 11; uint32 b = 12; sint32 c = 13; fixed32 d = 14; sfixed32 e = 15;
    int64 f = 16; uint64 g = 17; sint64 h = 18; fixed64 i = 19; sfixed64 j = 20;
  }`);
const reply = registry.getMessage("t.Reply") as DescMessage;

function locationOf(location: string, json: JsonValue): string | undefined {
  const read = compileLocation(reply, location);
  assert.ok(typeof read === "function", String(read));
  return read(toBinary(reply, fromJson(reply, json)));
}

describe("Location", () => {
  for (const [location, json, expected, fact] of [
    ["url", { url: "/v1/books/7" }, "/v1/books/7", "is the text of a field"],
    ["book.name", { book: { name: "books/7" } }, "books/7", "of a nested one too"],
    ["/v1/{book.name}", { book: { name: "books/7" } }, "/v1/books/7", "may have text around its fields"],
    ["/v1/{url}/{book.id}/x", { url: "a", book: { id: "12" } }, "/v1/a/12/x", "and several fields"],
    [
      "url",
      { url: "a b\u00e9\r\n<%20" },
      "a%20b%C3%A9%0D%0A%3C%20",
      "is percent-encoded where a URI needs it",
    ],
    ["url", { url: "0" }, "0", "may be a text of one zero"],
    ["/{a}", { a: 0 }, undefined, "but not an integer at its default"],
    ["url", {}, undefined, "is not there where the field is not set"],
    ["/v1/{url}/{book.id}", { url: "a" }, undefined, "nor where one of its fields is not"],
    ["url", { url: "a".repeat(9000) }, undefined, "nor where it is too long for a header"],
    [
      "{a},{b},{c},{d},{e},{f},{g},{h},{i},{j}",
      {
        a: -1,
        b: 4294967295,
        c: -2,
        d: 4294967295,
        e: -3,
        f: "-9223372036854775808",
        g: "18446744073709551615",
        h: "-9223372036854775808",
        i: "18446744073709551615",
        j: "-4",
      },
      "-1,4294967295,-2,4294967295,-3,-9223372036854775808,18446744073709551615,-9223372036854775808,18446744073709551615,-4",
      "takes integers of every type with every digit",
    ],
  ] as const) {
    test(`${fact}: ${location}`, () => assert.equal(locationOf(location, json), expected));
  }

  for (const [location, reason] of [
    ["nope", 'no field "nope" in t.Reply'],
    ["/v1/{book.nope}", 'no field "nope" in t.Book'],
    ["book", '"book" is t.Book, which cannot stand in a URI'],
    ["flag", '"flag" is bool, which cannot stand in a URI'],
    ["urls", '"urls" is repeated string, which cannot stand in a URI'],
    ["/a b/{url}", '"/a b/" cannot stand in a URI'],
    ["/{url}/{", '"/{" cannot stand in a URI'],
  ] as const) {
    test(`is refused: ${location}`, () => assert.equal(compileLocation(reply, location), reason));
  }

  test("merges submessages, the last value wins", () => {
    const read = compileLocation(reply, "{book.name}/{book.id}");
    const first = toBinary(reply, create(reply, { book: { name: "a", id: 1n } }));
    const second = toBinary(reply, create(reply, { book: { name: "b" } }));
    assert.equal(typeof read === "function" && read(Buffer.concat([first, second])), "b/1");
  });

  test("is total: whatever the bytes are, it is a header value, none, or INTERNAL", () => {
    const read = compileLocation(reply, "/{url}/{book.parent.name}{a}");
    assert.ok(typeof read === "function");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let location: string | undefined;
        assert.match(
          refusalOf(() => {
            location = read(bytes);
          }),
          /^(not refused|INTERNAL)/,
        );
        assert.match(location ?? "", /^[\x21-\x7e]*$/);
      }),
    );
  });
});
