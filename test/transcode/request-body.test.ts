import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compileSchema, fixtureOf, fixturesOf, partsOf, refusalOf, service } from "./route-fixture.ts";

const messages = `
message Author { string name = 1; int32 age = 2; }
message Req {
  string id = 1; Author author = 2; repeated Author authors = 3; repeated int32 nums = 4; map<string, int32> counts = 5;
  google.api.HttpBody file = 6; string text = 7; google.protobuf.Timestamp at = 8;
  oneof choice { Author left = 9; string right = 10; }
  int64 big = 11; google.protobuf.Value value = 12;
}`;
const whole = 'post: "/a" body: "*"';
const none = 'get: "/b"';
const author = 'post: "/c" body: "author"';
const list = 'post: "/d" body: "authors"';
const map = 'post: "/e" body: "counts"';
const text = 'post: "/f" body: "text"';
const file = 'post: "/g/{id}" body: "file"';
const left = 'post: "/h" body: "left"';
const all = [whole, none, author, list, map, text, file, left];
const outcomeOf = fixturesOf(messages, [...all, 'post: "/x" body: "nope"', 'post: "/y" body: "author.name"']);
const ofGateway = fixturesOf(messages, all, "grpc-gateway");

function fixture(rule: string, of = outcomeOf) {
  const { fixture, reason } = of(rule);
  if (fixture === undefined) throw new Error(reason);
  return fixture;
}

const form = "application/x-www-form-urlencoded";
const rows: readonly (readonly [
  rule: string,
  contentType: string,
  body: string,
  query: string,
  object,
  fact: string,
])[] = [
  [
    whole,
    "application/json",
    '{"id":"a","author":{"age":1}}',
    "",
    { id: "a", author: { age: 1 } },
    "the whole message as JSON",
  ],
  [whole, "", '{"id":"a"}', "", { id: "a" }, "no content type is JSON"],
  [whole, "application/json", "", "", {}, "an empty body is an empty message"],
  [
    author,
    "application/json",
    '{"name":"n"}',
    "id=a",
    { id: "a", author: { name: "n" } },
    "one field as JSON, the rest from the query",
  ],
  [author, "application/json", "{}", "", { author: {} }, "an empty object sets the field"],
  [author, "application/json", "", "", {}, "an empty body does not"],
  [
    list,
    "application/json",
    '[{"age":1},{"age":2}]',
    "",
    { authors: [{ age: 1 }, { age: 2 }] },
    "a repeated field as a JSON array",
  ],
  [map, "application/json", '{"a":1}', "", { counts: { a: 1 } }, "a map as a JSON object"],
  [text, "application/json", '"x"', "", { text: "x" }, "a scalar as a JSON value"],
  [
    whole,
    form,
    "id=a+b&author.age=1&nums=1&nums=2",
    "",
    { id: "a b", author: { age: 1 }, nums: [1, 2] },
    "a form reads like a query",
  ],
  [
    author,
    form,
    "name=n&age=1",
    "id=a",
    { id: "a", author: { name: "n", age: 1 } },
    "a form's keys begin at the body's field",
  ],
  [
    author,
    "Application/X-Protobuf; charset=x",
    "\n\x01n",
    "id=a",
    { id: "a", author: { name: "n" } },
    "protobuf for one field",
  ],
  [whole, "application/json", '{"id":"a","id":"b"}', "", { id: "b" }, "of duplicate keys the last wins"],
  [
    whole,
    "application/json",
    '{"big":9223372036854775807}',
    "",
    { big: "9223372036854775807" },
    "a 64-bit integer keeps every digit as a JSON number",
  ],
  [
    whole,
    "application/json; charset=utf-8",
    '{"id":"__proto__","counts":{"__proto__":1}}',
    "",
    { id: "__proto__", counts: JSON.parse('{"__proto__":1}') },
    "keys of Object.prototype are data",
  ],
  [left, "application/json", "", "right=a", { right: "a" }, "an empty body sets no member of a oneof"],
];

describe("bodies", () => {
  for (const [rule, contentType, body, query, expected, fact] of rows) {
    test(`${fact}: ${rule}`, () =>
      assert.deepEqual(fixture(rule).bind({ body, contentType, query }), expected));
  }
});

const refusals: readonly (readonly [
  rule: string,
  contentType: string,
  body: string,
  query: string,
  RegExp,
])[] = [
  [none, "", "x", "", /^INVALID_ARGUMENT: body: this method takes no body/],
  [whole, "", '{"id":1}', "", /^INVALID_ARGUMENT: .*id/],
  [whole, "", '{"nope":1}', "", /^INVALID_ARGUMENT: .*nope/],
  [whole, "", "{} {}", "", /^INVALID_ARGUMENT: /],
  [
    whole,
    "",
    '{"author":{"age":"abc"}}',
    "",
    /^INVALID_ARGUMENT: author\.age: expected int32, got .*line 1, column/,
  ],
  [whole, "", `{"value":${"[".repeat(100_000)}`, "", /^INVALID_ARGUMENT: .*deep/],
  [whole, "", '{"id":"\\ud800"}', "", /^INVALID_ARGUMENT: /],
  [whole, "", '{"id":"a', "", /^INVALID_ARGUMENT: /],
  [whole, "", "\ufeff{}", "", /^INVALID_ARGUMENT: /],
  [
    whole,
    "",
    "",
    "id=a",
    /^INVALID_ARGUMENT: query parameter "id": with body "\*" there are no query parameters/,
  ],
  [
    author,
    "",
    "{}",
    "author.age=1",
    /^INVALID_ARGUMENT: query parameter "author.age": the body carries this field/,
  ],
  [
    text,
    form,
    "text=x",
    "",
    /^INVALID_ARGUMENT: body: the body is the field "text", string, which a form cannot carry alone/,
  ],
  [list, "application/protobuf", "\n", "", /which protobuf cannot carry alone/],
  [whole, form, "nope=1", "", /^INVALID_ARGUMENT: form field "nope": no field "nope" in t.Req/],
  [author, form, "id=1", "", /^INVALID_ARGUMENT: form field "id": no field "id" in t.Author/],
  [left, "", "{}", "right=a", /"left" is set already, and both are in the oneof "choice"/],
];

describe("refused bodies", () => {
  for (const [rule, contentType, body, query, expected] of refusals) {
    test(`${rule} refuses ${JSON.stringify(body.slice(0, 40))} ${contentType} ?${query}`, () => {
      assert.match(
        refusalOf(() => fixture(rule).bind({ body, contentType, query })),
        expected,
      );
    });
  }

  test("a rule's body is a field of the request message itself", () => {
    assert.equal(outcomeOf('post: "/x" body: "nope"').reason, 'body: no field "nope" in t.Req');
    assert.equal(outcomeOf('post: "/y" body: "author.name"').reason, 'body: no field "author.name" in t.Req');
  });
});

test("a body that is not UTF-8 is refused", () => {
  const body = Uint8Array.of(0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d);
  assert.match(
    refusalOf(() => fixture(whole).bind({ body })),
    /^INVALID_ARGUMENT: /,
  );
});

test("the grpc-gateway profile ignores a body without a rule and unknown keys", () => {
  assert.deepEqual(fixture(none, ofGateway).bind({ body: "x", query: "id=a" }), { id: "a" });
  assert.deepEqual(fixture(whole, ofGateway).bind({ body: '{"id":"a","nope":1}', query: "id=b" }), {
    id: "a",
  });
  assert.deepEqual(fixture(author, ofGateway).bind({ body: "{}", query: "author.age=1" }), { author: {} });
});

test("bytes of an HttpBody field are untouched, and its content type is the request's", () => {
  const raw = fixture(file);
  assert.equal(raw.route.rawRequestBody, true);
  const body = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
  assert.deepEqual(raw.bind({ captures: ["a"], body, contentType: "image/png", query: "text=x" }), {
    id: "a",
    text: "x",
    file: { content_type: "image/png", data: Buffer.from(body).toString("base64") },
  });
  assert.deepEqual(raw.bind({ captures: ["a"], contentType: "application/json" }), {
    id: "a",
    file: { content_type: "application/json" },
  });
  assert.deepEqual(raw.bind({ captures: ["a"] }), { id: "a" });
});

test("a request message that is an HttpBody takes the whole body", () => {
  const raw = fixtureOf(compileSchema(service('post: "/a" body: "*"', "google.api.HttpBody")));
  assert.equal(raw.route.rawRequestBody, true);
  assert.deepEqual(raw.bind({ body: "{}", contentType: "application/json" }), {
    content_type: "application/json",
    data: "e30=",
  });
  assert.deepEqual(raw.bind({}), {});
});

test("bindBody binds the body alone", () => {
  const { route } = fixture(file);
  assert.deepEqual(route.bindBody(Uint8Array.of(7), ""), Uint8Array.of(0x32, 3, 0x12, 1, 7));
  assert.deepEqual(fixture(none).route.bindBody(new Uint8Array(0), ""), new Uint8Array(0));
});

test("what path, query and body bring for one submessage becomes one, for parsers that do not merge", () => {
  const { route } = fixtureOf(
    compileSchema(`message Inner { string a = 1; string b = 2; Inner in = 3; }
      message Req { Inner inner = 1; string id = 2; }
      ${service('patch: "/{inner.in.a}/{inner.a}" body: "inner"')}`),
  );
  const message = route.bind(
    partsOf({ captures: ["x", "y"], query: "id=i", body: '{"b":"z","in":{"b":"w"}}' }),
  );
  const inner = [0x12, 1, 0x7a, 0x1a, 6, 0x12, 1, 0x77, 0x0a, 1, 0x78, 0x0a, 1, 0x79];
  assert.deepEqual([...message], [0x12, 1, 0x69, 0x0a, inner.length, ...inner]);
});

describe("groups and delimited fields", () => {
  const messages = `
    message Inner { string a = 1; int32 n = 2; Inner deep = 3; google.protobuf.Timestamp at = 4; }
    message Req {
      Inner inner = 1 [features.message_encoding = DELIMITED];
      google.protobuf.Timestamp at = 2 [features.message_encoding = DELIMITED];
      repeated google.protobuf.Duration ttls = 3 [features.message_encoding = DELIMITED];
      google.api.HttpBody file = 4 [features.message_encoding = DELIMITED];
      string id = 5;
    }`;
  const nested = 'post: "/{inner.a}" body: "inner"';
  const wholeWithTime = 'post: "/t/{at}" body: "*"';
  const rawFile = 'post: "/f" body: "file"';
  const of = fixturesOf(messages, [nested, wholeWithTime, rawFile], "standard", 'edition = "2023";');

  test("are written as such by path, query and body, and joined", () => {
    assert.deepEqual(
      fixture(nested, of).bind({
        captures: ["x"],
        query: "at=2026-01-31T00:00:00Z&ttls=1s&ttls=2s",
        body: '{"a":"b","n":1}',
      }),
      { inner: { a: "x", n: 1 }, at: "2026-01-31T00:00:00Z", ttls: ["1s", "2s"] },
    );
    assert.deepEqual(
      fixture(nested, of).bind({ captures: ["x"], body: "\x10\x05", contentType: "application/protobuf" }),
      { inner: { a: "x", n: 5 } },
    );
  });

  test("are replaced by the path", () => {
    assert.deepEqual(
      fixture(wholeWithTime, of).bind({
        captures: ["1970-01-01T00:00:00Z"],
        body: '{"at":"2026-01-31T00:00:00.5Z","id":"i"}',
      }),
      { at: "1970-01-01T00:00:00Z", id: "i" },
    );
  });

  test("carry raw bytes", () => {
    assert.deepEqual(fixture(rawFile, of).bind({ body: "x", contentType: "a/b" }), {
      file: { content_type: "a/b", data: "eA==" },
    });
  });
});

test("groups of proto2 bind by their field name", () => {
  const { bind } = fixtureOf(
    compileSchema(
      `message Req { required string id = 1; optional group Extra = 2 { optional string a = 1; } enum E { X = 1; Y = 5; } optional E e = 3 [default = Y]; }
       ${service('get: "/{extra.a}"')}`,
      'syntax = "proto2";',
    ),
  );
  assert.deepEqual(bind({ captures: ["x"], query: "id=i&e=X" }), { id: "i", extra: { a: "x" }, e: "X" });
});

test("reading a urlencoded form is total", () => {
  const piece = fc.constantFrom(
    "id",
    "author.",
    "age",
    "counts[",
    "]",
    "=",
    "&",
    "%41",
    "%",
    "+",
    "nums",
    "1",
    "[",
    ".",
  );
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.array(piece, { maxLength: 12 }), (rule, pieces) => {
      assert.match(
        refusalOf(() =>
          fixture(rule).route.bind(partsOf({ captures: ["a"], body: pieces.join(""), contentType: form })),
        ),
        /^(not refused|INVALID_ARGUMENT: (form|body))/,
      );
    }),
    { numRuns: 1000 },
  );
});

test("a form of 10,000 fields is refused", () => {
  const body = Array.from({ length: 10_000 }, () => "nums=1").join("&");
  assert.match(
    refusalOf(() => fixture(whole).bind({ body, contentType: form })),
    /^INVALID_ARGUMENT: form: more than 1000 parameters/,
  );
});

test("binding is total: whatever the parts are, it gives a message or is refused as INVALID_ARGUMENT", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.string().map((text) => new TextEncoder().encode(text)),
  );
  const contentType = fc.constantFrom("", "application/json", "application/protobuf", form, "x/y", "\n");
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      bytes,
      contentType,
      fc.string(),
      fc.string(),
      (rule, body, type, query, capture) => {
        const { bind, route } = fixture(rule);
        const parts = partsOf({ captures: [capture], body, contentType: type, query });
        assert.match(
          refusalOf(() => route.bind(parts)),
          /^(not refused|INVALID_ARGUMENT: )/,
        );
        const steps = route.explainBinding(parts);
        const refused = steps.some(({ outcome }) => outcome === "refused");
        // Explain looks at each part alone; a refusal may also come of two together.
        if (refused)
          assert.match(
            refusalOf(() => route.bind(parts)),
            /^INVALID_ARGUMENT/,
          );
        // Protobuf bodies are checked at the top only: what is inside is the backend's to refuse.
        if (type !== "application/protobuf" && refusalOf(() => route.bind(parts)) === "not refused")
          bind(parts);
      },
    ),
    { numRuns: 1000 },
  );
});
