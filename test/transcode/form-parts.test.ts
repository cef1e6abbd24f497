// semantics "Body": the parts of a multipart form bind to fields by name, a file to bytes or an HttpBody.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { FormPart } from "../../src/transcode/route.ts";
import { type Fixture, fixturesOf, partsOf, refusalOf } from "./route-fixture.ts";

const messages = `
  message Author { string name = 1; bytes photo = 2; }
  message Req {
    string id = 1; bytes raw = 2; google.api.HttpBody file = 3; repeated google.api.HttpBody files = 4;
    Author author = 5; repeated int32 nums = 6; repeated bytes blobs = 7; map<string, string> labels = 8; string text = 9;
  }`;
const whole = 'post: "/a/{id}" body: "*"';
const author = 'post: "/b/{id}" body: "author"';
const bytes = 'post: "/c/{id}" body: "raw"';
const file = 'post: "/d/{id}" body: "file"';
const scalar = 'post: "/e/{id}" body: "text"';
const none = 'post: "/f/{id}"';
const rules = [whole, author, bytes, file, scalar, none];
const of = fixturesOf(messages, rules);
const ofGateway = fixturesOf(messages, rules, "grpc-gateway");
const image = Uint8Array.of(0xff, 0x00, 0x0d, 0x0a);

function part(name: string, content: string | Uint8Array, rest: Partial<FormPart> = {}): FormPart {
  return { name, contentType: "", file: false, ...rest, bytes: Buffer.from(content) };
}

function fixture(rule: string, from = of): Fixture {
  const { fixture, reason } = from(rule);
  if (fixture === undefined) throw new Error(reason);
  return fixture;
}

function bindForm(rule: string, form: readonly FormPart[], query = "", from = of): unknown {
  const { route, input } = fixture(rule, from);
  const message = route.bindForm(
    form,
    partsOf({ captures: ["p"], query, contentType: "multipart/form-data" }),
  );
  return toJson(input, fromBinary(input, message), { useProtoFieldName: true });
}

test("parts of a multipart form bind by name; files go into bytes and HttpBody untouched", () => {
  const form = [
    part("nums", "1"),
    part("nums", "2"),
    part("raw", image, { file: true, contentType: "image/png" }),
    part("blobs", "AQI"),
    part("file", image, { file: true, contentType: "image/png" }),
    part("files", "a"),
    part("files", "b", { file: true, contentType: "text/plain" }),
    part("author.name", "a+b%20"),
    part("author.photo", image, { file: true }),
    part("labels[env]", "prod"),
    part("id", "the path wins"),
  ];
  assert.deepEqual(bindForm(whole, form), {
    id: "p",
    nums: [1, 2],
    raw: "/wANCg==",
    blobs: ["AQI="],
    file: { content_type: "image/png", data: "/wANCg==" },
    files: [{ data: "YQ==" }, { content_type: "text/plain", data: "Yg==" }],
    author: { name: "a+b%20", photo: "/wANCg==" },
    labels: { env: "prod" },
  });
});

test("names of a multipart form begin at the body's field, and the query binds the rest", () => {
  const form = [part("name", "n"), part("photo", image, { file: true })];
  assert.deepEqual(bindForm(author, form, "text=t"), {
    id: "p",
    text: "t",
    author: { name: "n", photo: "/wANCg==" },
  });
});

test("one file part goes into the bytes that the body is, whatever its name", () => {
  assert.deepEqual(bindForm(bytes, [part("upload", image, { file: true })]), { id: "p", raw: "/wANCg==" });
});

test("a form without parts is an empty body", () => {
  assert.deepEqual(bindForm(whole, []), { id: "p" });
  assert.deepEqual(bindForm(none, []), { id: "p" });
});

describe("refused parts of a multipart form", () => {
  const photo = part("photo", image, { file: true });
  for (const [rule, form, reason] of [
    [whole, [part("nums", "x")], 'form field "nums": expected int32, got "x"'],
    [whole, [part("nope", "x")], 'form field "nope": no field "nope" in t.Req'],
    [whole, [part("raw", "*")], 'form field "raw": expected bytes (base64), got "*"'],
    [
      whole,
      [part("raw", "x", { file: true }), part("raw", "AA")],
      'form field "raw": given twice, and "raw" is not repeated',
    ],
    [whole, [part("nums", image, { file: true })], 'form field "nums": the part is not UTF-8 text'],
    [bytes, [photo, photo], 'body: the body is the field "raw", bytes, which a form cannot carry alone'],
    [bytes, [part("raw", "AA")], 'body: the body is the field "raw", bytes, which a form cannot carry alone'],
    [scalar, [photo], 'body: the body is the field "text", string, which a form cannot carry alone'],
    [none, [photo], "body: this method takes no body, its parameters go into path and query"],
    [file, [photo], "body: this method takes the bytes of a form, not its parts"],
  ] as const) {
    test(`${rule}: ${reason}`, () =>
      assert.equal(
        refusalOf(() => bindForm(rule, form)),
        `INVALID_ARGUMENT: ${reason}`,
      ));
  }
});

test("the grpc-gateway profile ignores parts that name no field, and a form without a body rule", () => {
  assert.deepEqual(bindForm(whole, [part("nope", "x"), part("text", "t")], "", ofGateway), {
    id: "p",
    text: "t",
  });
  assert.deepEqual(bindForm(none, [part("text", "t")], "", ofGateway), { id: "p" });
});

test("the later messages of a client stream are the parts alone", () => {
  const { route } = fixture(whole);
  assert.deepEqual(route.bindForm([part("raw", "x", { file: true })]), Uint8Array.of(0x12, 1, 0x78));
});

test("bytes of a multipart form that nobody parsed are refused, not read as JSON", () => {
  assert.equal(
    refusalOf(() => fixture(whole).bind({ body: "--x", contentType: "multipart/form-data; boundary=x" })),
    "INVALID_ARGUMENT: body: the parts of a multipart form cannot be bound here",
  );
});

test("binding parts is total: they bind or are refused as INVALID_ARGUMENT", () => {
  const formPart = fc.record({
    name: fc.oneof(
      fc.constantFrom("id", "nums", "raw", "file", "author.name", "labels[a]", "__proto__"),
      fc.string(),
    ),
    contentType: fc.constantFrom("", "text/plain", "\r\n"),
    file: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...rules), fc.array(formPart, { maxLength: 4 }), (rule, form) => {
      assert.match(
        refusalOf(() => bindForm(rule, form)),
        /^(not refused|INVALID_ARGUMENT: )/,
      );
    }),
    { numRuns: 1000 },
  );
});
