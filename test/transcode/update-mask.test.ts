import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fixturesOf } from "./route-fixture.ts";

const messages = `
  message Author { string full_name = 1; Author mentor = 2; }
  message Book {
    string name = 1; string display_title = 2; Author author = 3; repeated Author more = 4; map<string, Author> by = 5;
    google.protobuf.Struct extra = 6; google.protobuf.Timestamp at = 7;
  }
  message Req { Book book = 1; google.protobuf.FieldMask update_mask = 2; string id = 3; }`;
const patch = 'patch: "/v1/{book.name}" body: "book"';
const put = 'put: "/v1/{book.name}" body: "book"';
const whole = 'patch: "/w/{id}" body: "*"';
const bound = 'patch: "/m/{update_mask}" body: "book"';
const rules = [patch, put, whole, bound];
const gateway = fixturesOf(messages, rules, "grpc-gateway");

function maskOf(rule: string, body: string, query = "", of = gateway): unknown {
  const message = of(rule).fixture?.bind({ captures: ["x"], body, query });
  return (message as { update_mask?: string }).update_mask;
}

describe("the update mask of a PATCH", () => {
  for (const [body, mask, fact] of [
    ['{"displayTitle":"t"}', "displayTitle", "is the fields that the body names"],
    ['{"display_title":null,"at":"2026-01-31T00:00:00Z"}', "displayTitle,at", "under either name, null too"],
    [
      '{"author":{"fullName":"n","mentor":{"full_name":""}}}',
      "author.fullName,author.mentor.fullName",
      "goes down to leaves",
    ],
    [
      '{"author":{},"more":[{"fullName":"n"}],"by":{"k":{"fullName":"n"}},"extra":{"a":{"b":1}}}',
      "author,more,by,extra",
      "stops at empty, repeated, map and well-known fields",
    ],
    ['{"nope":1,"displayTitle":"t"}', "displayTitle", "leaves out what names no field"],
    ["{}", "", "is empty where the body names nothing"],
    ["", undefined, "is not there where there is no body"],
  ] as const) {
    test(`${fact}: ${body}`, () => assert.equal(maskOf(patch, body), mask));
  }

  test("is kept where the query brings one, and filled where that is empty", () => {
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "updateMask=author"), "author");
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "updateMask="), "displayTitle");
  });

  test("is not filled by PUT, for a whole body, or where the path binds it", () => {
    assert.equal(maskOf(put, '{"displayTitle":"t"}'), undefined);
    assert.equal(maskOf(whole, '{"book":{"displayTitle":"t"}}'), undefined);
    assert.equal(maskOf(bound, '{"displayTitle":"t"}'), "x");
  });

  test("stays empty in the other profiles", () => {
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "", fixturesOf(messages, rules)), undefined);
  });
});
