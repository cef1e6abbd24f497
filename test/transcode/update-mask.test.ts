import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fixturesOf, partsOf, refusalOf } from "./route-fixture.ts";

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

  test("is filled in any profile where the method's policy says infer, and kept where it says keep", () => {
    const infer = fixturesOf(messages, rules, "standard", undefined, { policy: { updateMask: "infer" } });
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "", infer), "displayTitle");
    const keep = fixturesOf(messages, rules, "grpc-gateway", undefined, { policy: { updateMask: "keep" } });
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "", keep), undefined);
  });

  test("is told by explain where it is inferred, and not where one came", () => {
    const { route } = gateway(patch).fixture ?? {};
    const masks = (query: string) =>
      route
        ?.explainBinding(partsOf({ captures: ["x"], query, body: '{"displayTitle":"t","nope":1}' }))
        .filter(({ from, field }) => from === "body" && field === "update_mask");
    const inferred = {
      from: "body",
      key: "book",
      text: "display_title",
      field: "update_mask",
      type: "google.protobuf.FieldMask",
      outcome: "bound",
      reason: "the fields that the body names, as the mask came empty",
    };
    assert.deepEqual(masks(""), [inferred]);
    assert.deepEqual(masks("updateMask="), [inferred]);
    assert.deepEqual(masks("updateMask=author"), []);
  });

  test("is inferred or the body is refused, whatever the body is", () => {
    const route = gateway(patch).fixture?.route;
    const json = fc.jsonValue().map((value) => JSON.stringify({ author: value, nope: value, more: value }));
    const text = fc.array(
      fc.constantFrom("{", "}", '"author":', '"__proto__":', "null", "[", "]", ",", "1"),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          text.map((pieces) => pieces.join("")),
          fc.string(),
        ),
        (body) => {
          const parts = partsOf({ captures: ["x"], body });
          assert.match(
            refusalOf(() => route?.bind(parts)),
            /^(not refused|INVALID_ARGUMENT: )/,
          );
          route?.explainBinding(parts);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
