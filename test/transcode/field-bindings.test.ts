// Request fields from headers and cookies, where a method's policy says so.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Header } from "../../src/rpc/header.ts";
import { cookieValues } from "../../src/transcode/cookie.ts";
import type { FieldBinding } from "../../src/transcode/rest-policy.ts";
import { compileSchema, fixtureOf, partsOf, refusalOf, service, tableOf } from "./route-fixture.ts";

const messages = `
  message Context { string tenant = 1; int32 level = 2; }
  message Req {
    string id = 1; string user = 2; int64 count = 3; repeated string tags = 4; Context context = 5; bytes key = 6;
    google.protobuf.Timestamp since = 7; google.protobuf.Struct extra = 8; map<string, string> labels = 9;
    oneof choice { string left = 10; string right = 11; } repeated Context contexts = 12;
  }`;
const registry = compileSchema(`${messages}\n${service('post: "/v1/{id}" body: "context"')}`);
const wholeRegistry = compileSchema(`${messages}\n${service('post: "/v1/{id}" body: "*"')}`);

const headerBindings: readonly FieldBinding[] = [
  { name: "X-User", field: "user" },
  { name: "x-count", field: "count" },
  { name: "x-tags", field: "tags" },
  { name: "x-tenant", field: "context.tenant" },
  { name: "x-key-bin", field: "key" },
  { name: "x-since", field: "since" },
  { name: "x-extra", field: "extra" },
  { name: "x-left", field: "left" },
  { name: "x-id", field: "id" },
];
const cookieBindings: readonly FieldBinding[] = [
  { name: "session", field: "user" },
  { name: "tag", field: "tags" },
  { name: "right", field: "right" },
];
const policy = { headerBindings, cookieBindings };
const fixture = fixtureOf(registry, "standard", { policy });
const whole = fixtureOf(wholeRegistry, "standard", { policy });

type Pairs = Record<string, string | readonly string[]>;

function headerOf(pairs: Pairs): Header {
  return Header.of(
    Object.entries(pairs).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value as string]),
    ),
  );
}

function bound(header: Pairs, rest: { query?: string; body?: string } = {}, of = fixture): unknown {
  return of.bind({ captures: ["p"], header: headerOf(header), ...rest });
}

describe("a bound header or cookie", () => {
  const rows: readonly (readonly [Pairs, object, fact: string])[] = [
    [{ "x-user": "ann" }, { user: "ann" }, "fills its field, whatever the case in the policy"],
    [{}, {}, "leaves its field alone where the request has none"],
    [{ "x-user": "" }, {}, "is set to an empty text by an empty header"],
    [
      { "x-count": "-9223372036854775808" },
      { count: "-9223372036854775808" },
      "binds as the text of its type",
    ],
    [{ "x-tenant": "t" }, { context: { tenant: "t" } }, "reaches nested fields"],
    [{ "x-key-bin": "AQI" }, { key: "AQI=" }, "binds bytes as base64"],
    [{ "x-since": "2026-01-31T00:00:00Z" }, { since: "2026-01-31T00:00:00Z" }, "binds well-known types"],
    [{ "x-extra": '{"a":[1,2]}' }, { extra: { a: [1, 2] } }, "binds a Struct as JSON, commas and all"],
    [
      { "x-tags": ["a, b", "c,,"] },
      { tags: ["a", "b", "c"] },
      "fills a repeated field from a list and from repetition",
    ],
    [{ "x-user": "caf\u00c3\u00a9" }, { user: "caf\u00e9" }, "is read as UTF-8 where its bytes are"],
    [{ "x-user": "caf\u00e9" }, { user: "caf\u00e9" }, "and as Latin-1 where they are not"],
    [{ cookie: "a=1; session=ann%20b; c=2" }, { user: "ann b" }, "is percent-decoded as a cookie"],
    [{ cookie: 'session="ann"' }, { user: "ann" }, "loses a cookie's quotes"],
    [{ cookie: "session=100%" }, { user: "100%" }, "stays as it is as a cookie that is not encoded"],
    [{ cookie: "session=a; session=b" }, { user: "a" }, "is the first of two cookies of one name"],
    [{ cookie: ["x=1", "session=b"] }, { user: "b" }, "is found in the second cookie entry of HTTP/2"],
    [{ cookie: "tag=a; tag=b" }, { tags: ["a", "b"] }, "takes every cookie for a repeated field"],
    [{ "x-user": "h", cookie: "session=c" }, { user: "h" }, "beats a cookie as a header"],
    [{ "x-left": "l", cookie: "right=r" }, { left: "l" }, "beats a cookie for the other member of a oneof"],
    [{ "x-id": "h" }, {}, "does not beat the path"],
  ];
  for (const [header, message, fact] of rows) {
    test(`${fact}: ${JSON.stringify(header)}`, () =>
      assert.deepEqual(bound(header), { id: "p", ...message }));
  }

  test("beats the query, which is ignored and not refused", () => {
    assert.deepEqual(bound({ "x-user": "h" }, { query: "user=q&count=1" }), {
      id: "p",
      user: "h",
      count: "1",
    });
    assert.deepEqual(bound({ "x-tags": "h" }, { query: "tags=q" }), { id: "p", tags: ["h"] });
  });

  test("leaves query and body their field where the request has none", () => {
    assert.deepEqual(bound({}, { query: "user=q" }), { id: "p", user: "q" });
    assert.deepEqual(bound({}, { body: '{"user":"b"}' }, whole), { id: "p", user: "b" });
  });

  test("refuses the query's other member of its oneof", () => {
    assert.equal(
      refusalOf(() => bound({ "x-left": "h" }, { query: "right=q" })),
      'INVALID_ARGUMENT: query parameter "right": "left" is set already, and both are in the oneof "choice"',
    );
  });

  test("beats the body, on scalars, lists, messages and oneofs", () => {
    const body = JSON.stringify({
      user: "b",
      tags: ["b"],
      since: "2020-01-01T00:00:00.5Z",
      right: "b",
      context: { tenant: "b", level: 3 },
    });
    const header = {
      "x-user": "h",
      "x-tags": "h",
      "x-since": "1970-01-01T00:00:00Z",
      "x-left": "h",
      "x-tenant": "h",
    };
    assert.deepEqual(bound(header, { body }, whole), {
      id: "p",
      user: "h",
      tags: ["h"],
      since: "1970-01-01T00:00:00Z",
      left: "h",
      context: { tenant: "h", level: 3 },
    });
    assert.deepEqual(bound({ "x-tenant": "h" }, { body: '{"tenant":"b","level":3}' }), {
      id: "p",
      context: { tenant: "h", level: 3 },
    });
  });

  test("goes into the first message of a client stream only", () => {
    assert.deepEqual(fixture.route.bindBody(Buffer.from('{"level":1}'), ""), Uint8Array.of(0x2a, 2, 0x10, 1));
  });
});

describe("a bound header or cookie is refused without its value, which may be secret", () => {
  for (const [header, reason] of [
    [{ "x-count": "hunter2" }, 'header "x-count": expected int64'],
    [{ "x-count": "" }, 'header "x-count": expected int64'],
    [{ "x-user": ["a", "b"] }, 'header "x-user": given twice, and "user" is not repeated'],
    [{ "x-key-bin": "*" }, 'header "x-key-bin": expected bytes (base64)'],
  ] as const) {
    test(`${JSON.stringify(header)}: ${reason}`, () =>
      assert.equal(
        refusalOf(() => bound(header)),
        `INVALID_ARGUMENT: ${reason}`,
      ));
  }
});

test("a binding that names no field costs that binding, not the route", () => {
  const table = tableOf(registry, "standard", {
    policy: {
      headerBindings: [
        { name: "x-a", field: "nope" },
        { name: "x-b", field: "context" },
        { name: "x-c", field: "labels" },
        { name: "x-d", field: "contexts.tenant" },
        { name: "x-e", field: "userName" },
        { name: "", field: "user" },
        { name: "x-user", field: "user" },
      ],
      cookieBindings: [{ name: "a", field: "" }],
      location: "nope",
    },
  });
  assert.deepEqual(
    table.refusedSettings.map(({ setting, reason }) => `${setting}: ${reason}`),
    [
      'header x-a: no field "nope" in t.Req',
      'header x-b: "context" is t.Context, which a header cannot carry',
      'header x-c: "labels" is map<string, string>, which a header cannot carry',
      'header x-d: "contexts" is repeated t.Context, which has no fields of its own',
      'header x-e: no field "userName" in t.Req',
      "header : a header without a name",
      'cookie a: no field "" in t.Req',
      'location: no field "nope" in google.protobuf.Empty',
    ],
  );
  assert.equal(table.refusedSettings[0]?.methodName, "t.S/M");
  const [route] = table.routes;
  const message = route?.bind(partsOf({ captures: ["p"], header: headerOf({ "x-user": "u", "x-a": "a" }) }));
  assert.deepEqual(Buffer.from(message ?? []).toString(), "\x12\x01u\x0a\x01p");
});

test("explain tells of headers and cookies, bound, beaten and refused", () => {
  const header = headerOf({
    "x-user": "u",
    "x-count": "x",
    "x-id": "i",
    cookie: "session=s; right=r",
  });
  const steps = fixture.route.explainBinding(partsOf({ captures: ["p"], header, query: "user=q" }));
  assert.deepEqual(steps.slice(1), [
    { from: "header", key: "x-user", text: "u", field: "user", type: "string", outcome: "bound" },
    {
      from: "header",
      key: "x-count",
      text: "x",
      field: "count",
      type: "int64",
      outcome: "refused",
      reason: "expected int64",
    },
    {
      from: "header",
      key: "x-id",
      text: "i",
      field: "id",
      type: "string",
      outcome: "ignored",
      reason: "the path binds this field",
    },
    {
      from: "cookie",
      key: "session",
      text: "s",
      field: "user",
      type: "string",
      outcome: "ignored",
      reason: "the header x-user binds this field",
    },
    { from: "cookie", key: "right", text: "r", field: "right", type: "string", outcome: "bound" },
    {
      from: "query",
      key: "user",
      text: "q",
      field: "user",
      type: "string",
      outcome: "ignored",
      reason: "the header x-user binds this field",
    },
  ]);
});

test("reading cookies is total, and an encoded value is read back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (noise, value) => {
      cookieValues(headerOf({ cookie: noise }), "a");
      const encoded = encodeURIComponent(value);
      assert.deepEqual(cookieValues(headerOf({ cookie: `b=1; a=${encoded}; c` }), "a"), [value]);
    }),
  );
});

test("binding headers is total: they bind or are refused as INVALID_ARGUMENT, and explain agrees", () => {
  const name = fc.constantFrom("x-user", "x-count", "x-tags", "x-since", "x-extra", "cookie", "x-left");
  const pairs = fc.array(
    fc.tuple(name, fc.oneof(fc.string(), fc.constantFrom("1", "session=a; right=b", "{}"))),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(pairs, (entries) => {
      const parts = partsOf({ captures: ["p"], header: Header.of(entries) });
      const refusal = refusalOf(() => fixture.route.bind(parts));
      assert.match(refusal, /^(not refused|INVALID_ARGUMENT: (header|cookie))/);
      const refused = fixture.route.explainBinding(parts).some(({ outcome }) => outcome === "refused");
      assert.equal(refused, refusal !== "not refused");
    }),
    { numRuns: 1000 },
  );
});
