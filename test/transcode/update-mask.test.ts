import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { fixturesOf, partsOf, refusalOf } from "./route-fixture.ts";

const messages = `
  message Author { string full_name = 1; Author mentor = 2; }
  message Book {
    string name = 1; string display_title = 2; Author author = 3; repeated Author more = 4; map<string, Author> by = 5;
    google.protobuf.Struct extra = 6; google.protobuf.Timestamp at = 7;
  }
  message Req { Book book = 1; google.protobuf.FieldMask update_mask = 2; string id = 3; google.api.HttpBody file = 4; google.protobuf.Struct extra = 5; }`;
const patch = 'patch: "/v1/{book.name}" body: "book"';
const put = 'put: "/v1/{book.name}" body: "book"';
const whole = 'patch: "/w/{id}" body: "*"';
const bound = 'patch: "/m/{update_mask}" body: "book"';
const raw = 'patch: "/r/{id}" body: "file"';
const struct = 'patch: "/s/{id}" body: "extra"';
const rules = [patch, put, whole, bound, raw, struct];
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

  const protobuf = (json: object): Uint8Array => {
    const desc = gateway(patch).fixture?.input.fields.find(({ name }) => name === "book")?.message;
    assert.ok(desc);
    return toBinary(desc, fromJson(desc, json as JsonValue));
  };
  const bind = (body: string | Uint8Array, contentType: string, query = ""): unknown => {
    const message = gateway(patch).fixture?.bind({ captures: ["x"], body, contentType, query });
    return (message as { update_mask?: string }).update_mask;
  };

  for (const [json, mask, fact] of [
    [{ displayTitle: "t" }, "displayTitle", "is the fields that are there"],
    [
      { author: { fullName: "n", mentor: { fullName: "m" } }, at: "2026-01-31T00:00:00Z" },
      "author.fullName,author.mentor.fullName,at",
      "goes down to leaves, and stops at well-known fields",
    ],
    [{ author: {}, more: [{}, {}], by: { k: {} } }, "author,more,by", "names a field once"],
    [{ displayTitle: "" }, undefined, "is not there where proto3 sends nothing"],
  ] as const) {
    test(`of a protobuf body ${fact}: ${JSON.stringify(json)}`, () => {
      assert.equal(bind(protobuf(json), "application/protobuf"), mask);
    });
  }

  test("of a protobuf body knows pieces of one message, and no unknown fields", () => {
    const pieces = [protobuf({ author: {} }), protobuf({ author: { fullName: "n" } }), [0xf8, 0x07, 1]];
    const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    assert.equal(bind(body, "application/x-protobuf"), "author.fullName");
  });

  test("of a form is its fields, empty ones too", () => {
    const type = "application/x-www-form-urlencoded";
    assert.equal(
      bind("display_title=&author.mentor.fullName=m&author.fullName=n&at.seconds=1", type),
      "displayTitle,author.mentor.fullName,author.fullName,at",
    );
    assert.equal(bind("display_title=t", type, "updateMask.paths=author"), "author");
    const route = gateway(patch).fixture?.route;
    const parts = partsOf({ captures: ["x"], contentType: "multipart/form-data" });
    const form = [{ name: "displayTitle", contentType: "", file: false, bytes: Buffer.from("t") }];
    const { input } = gateway(patch).fixture ?? {};
    assert.ok(route && input);
    const message = toJson(input, fromBinary(input, route.bindForm(form, parts)));
    assert.deepEqual(message, { book: { name: "x", displayTitle: "t" }, updateMask: "displayTitle" });
  });

  test("is told by explain of every kind of body, refused where a part of it is malformed", () => {
    const told = (body: string | Uint8Array, contentType: string) =>
      gateway(patch)
        .fixture?.route.explainBinding(partsOf({ captures: ["x"], contentType, body }))
        .filter(({ field }) => field === "update_mask")
        .map(({ text, outcome, reason }) => [text, outcome, reason]);
    const named = "the fields that the body names, as the mask came empty";
    assert.deepEqual(told(protobuf({ displayTitle: "t" }), "application/protobuf"), [
      ["display_title", "bound", named],
    ]);
    assert.deepEqual(told("author.fullName=n", "application/x-www-form-urlencoded"), [
      ["author.full_name", "bound", named],
    ]);
    const malformed = Uint8Array.of(0x1a, 1, 0xff);
    assert.match(
      refusalOf(() => bind(malformed, "application/protobuf")),
      /^INVALID_ARGUMENT: malformed protobuf/,
    );
    assert.equal(told(malformed, "application/protobuf")?.[0]?.[1], "refused");
  });

  test("is bounded: leaves of two bytes nested a hundred deep are refused, not multiplied", () => {
    let inner: object = { fullName: "n" };
    for (let i = 0; i < 95; i++) inner = { mentor: inner, fullName: "n" };
    const path = JSON.stringify({ author: inner });
    // 95 leaves of up to 665 characters are 32 KB, which is fine; a schema with two recursive fields has many such.
    assert.equal(
      refusalOf(() => maskOf(patch, path)),
      "not refused",
    );
    const [deep, wide] = [60, 6];
    const tree = (depth: number): object => {
      if (depth === 0) return { left: { leaf: 1 }, right: { leaf: 1 } };
      return depth <= wide ? { left: tree(depth - 1), right: tree(depth - 1) } : { left: tree(depth - 1) };
    };
    const rule = 'patch: "/t" body: "tree"';
    const trees = fixturesOf(
      "message Tree { Tree left = 1; Tree right = 2; int32 leaf = 3; } message Req { Tree tree = 1; google.protobuf.FieldMask update_mask = 2; }",
      [rule],
      "grpc-gateway",
    );
    const { fixture } = trees(rule);
    const desc = fixture?.input.fields[0]?.message;
    assert.ok(desc);
    const json = JSON.stringify(tree(deep));
    const reason =
      /^INVALID_ARGUMENT: body: it names so many fields that their update mask is longer than 65536 characters; send a mask$/;
    assert.match(
      refusalOf(() => fixture?.bind({ body: json })),
      /^not refused$/,
    );
    const wider = JSON.stringify({ left: tree(deep), right: { left: tree(deep), right: tree(deep) } });
    assert.match(
      refusalOf(() => fixture?.bind({ body: wider })),
      reason,
    );
    const body = toBinary(desc, fromJson(desc, JSON.parse(wider)));
    const contentType = "application/protobuf";
    assert.match(
      refusalOf(() => fixture?.bind({ body, contentType })),
      reason,
    );
    assert.equal(
      refusalOf(() => fixture?.bind({ body, contentType, query: "updateMask=left" })),
      "not refused",
    );
  });

  test("is not made of bytes and values that have no fields", () => {
    const file = gateway(raw).fixture?.bind({ captures: ["x"], body: "{", contentType: "image/png" });
    assert.deepEqual(file, { id: "x", file: { content_type: "image/png", data: "ew==" } });
    assert.equal(maskOf(struct, '{"fields":{"a":1}}'), undefined);
  });

  test("is kept where the query brings one, and filled where that is empty", () => {
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "updateMask=author"), "author");
    assert.equal(maskOf(patch, '{"displayTitle":"t"}', "updateMask.paths=author"), "author");
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
    assert.deepEqual(masks("updateMask.paths=author"), []);
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
