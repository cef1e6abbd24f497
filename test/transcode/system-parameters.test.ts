// semantics "Query parameters" in the google profile: system parameters are taken out before binding.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Header } from "../../src/rpc/header.ts";
import { dialects } from "../../src/transcode/dialect.ts";
import type { ReplyForm, Route } from "../../src/transcode/route.ts";
import { takeSystemParameters } from "../../src/transcode/system-parameters.ts";
import { fixturesOf, partsOf, refusalOf } from "./route-fixture.ts";

const none: Pick<Route, "ownParameters"> = { ownParameters: new Set() };

function take(query: string, route = none): { query: string; form: ReplyForm } {
  return takeSystemParameters(query, dialects.google, route);
}

describe("the google profile takes out", () => {
  const rows: readonly (readonly [query: string, left: string, form: ReplyForm, fact: string])[] = [
    ["", "", {}, "nothing of no query"],
    ["view=FULL&a.b=1", "view=FULL&a.b=1", {}, "nothing of a query without system parameters"],
    ["$alt=json", "", { format: "json" }, "$alt"],
    ["%24alt=json&view=FULL", "view=FULL", { format: "json" }, "$alt with its dollar sign encoded"],
    [
      "view=FULL&$alt=json;enum-encoding=int",
      "view=FULL",
      { format: "json", enumNumbers: true },
      "what Google's generated clients send with each request",
    ],
    [
      "%24alt=json%3Benum-encoding%3Dint",
      "",
      { format: "json", enumNumbers: true },
      "the same percent-encoded",
    ],
    ["alt=json;enum-encoding=string", "", { format: "json", enumNumbers: false }, "alt, with names of enums"],
    ["$alt=proto", "", { format: "protobuf" }, "$alt=proto, for binary"],
    ["alt=media", "", { format: "json" }, "alt=media, which an HttpBody is anyway"],
    ["alt=sse", "", { format: "json", streamFormat: "sse" }, "alt=sse, for streams"],
    ["fields=a,b(c)", "", { fields: "a,b(c)" }, "fields"],
    ["$fields=a%2Fb", "", { fields: "a/b" }, "$fields, decoded"],
    ["prettyPrint=true", "", { pretty: true }, "prettyPrint"],
    ["$prettyPrint=0", "", { pretty: false }, "$prettyPrint"],
    [
      "key=k&access_token=t&oauth_token=o&callback=f&quotaUser=q&userIp=1&userProject=p&uploadType=m&upload_protocol=raw",
      "",
      {},
      "what is for a front end that we are not",
    ],
    ["$.xgafv=2&$key=k&$userProject=p&$unique=1&$callback=f&$apiVersion=v1", "", {}, "and its $ forms"],
    ["alt=json&alt=proto", "", { format: "protobuf" }, "the last of two"],
    [".xgafv=2&apiVersion=v1", ".xgafv=2&apiVersion=v1", {}, "no plain form that Google does not know"],
    [
      "$httpMethod=DELETE",
      "$httpMethod=DELETE",
      {},
      "nothing that would change the request: it is refused as unknown",
    ],
    ["%=1&alt=json", "%=1", { format: "json" }, "no malformed key: binding refuses it"],
  ];
  for (const [query, left, form, fact] of rows) {
    test(`${fact}: ${query}`, () => assert.deepEqual(take(query), { query: left, form }));
  }
});

describe("the header X-Goog-FieldMask", () => {
  const from = (query: string, ...values: string[]) =>
    takeSystemParameters(query, dialects.google, none, headerOf(...values));
  const headerOf = (...values: string[]) =>
    Header.of(values.map((value) => ["X-Goog-FieldMask", value] as const));
  const said = (fields: string) => ({ fields, fieldsFrom: "x-goog-fieldmask" });

  for (const [query, values, left, form, fact] of [
    ["", ["a,b.c"], "", said("a,b.c"), "says which fields of the reply are wanted"],
    ["view=1", ["a"], "view=1", said("a"), "beside a query that asks for nothing"],
    ["$alt=json", ["a"], "", { format: "json", ...said("a") }, "and beside one that asks for something else"],
    ["", ["a", "b(c)"], "", said("a,b(c)"), "in several lines, which are one list"],
    ["fields=b", ["a"], "", { fields: "b" }, "is overruled by fields in the query"],
    ["$fields=b", ["a("], "", { fields: "b" }, "even where it is malformed"],
    ["", [" "], "", {}, "says nothing where it is empty"],
  ] as const) {
    test(`${fact}: ${query} ${values}`, () => {
      assert.deepEqual(from(query, ...values), { query: left, form });
    });
  }

  test("is refused by its name where it is malformed", () => {
    assert.equal(
      refusalOf(() => from("", "a(")),
      'INVALID_ARGUMENT: header "x-goog-fieldmask": column 3: expected a field name',
    );
  });

  test("is a header like any other in the other profiles", () => {
    for (const profile of ["standard", "grpc-gateway"] as const) {
      const taken = takeSystemParameters("a=1", dialects[profile], none, headerOf("a("));
      assert.deepEqual(taken, { query: "a=1", form: {} });
    }
  });

  test("is told by explain", () => {
    const told = (query: string, mask: string) =>
      routeOf(post)
        .explainBinding(partsOf({ query, header: headerOf(mask) }))
        .map(({ key, text, outcome, reason }) => [key, text, outcome, reason]);
    const key = "x-goog-fieldmask";
    assert.deepEqual(told("", "a.b"), [[key, "a.b", "bound", "says how the reply is printed"]]);
    assert.deepEqual(told("", "a("), [[key, "a(", "refused", "column 3: expected a field name"]]);
    assert.deepEqual(told("$fields=b", "a").at(-1), [key, "a", "ignored", "the query says which fields"]);
  });
});

describe("a malformed system parameter is refused by its name", () => {
  for (const [query, reason] of [
    ["$alt=xml", '"$alt": expected json, proto, media or sse, got "xml"'],
    ["alt=json;enum-encoding=x", '"alt": expected enum-encoding=int or string, got "enum-encoding=x"'],
    ["alt=%zz", '"alt": malformed percent-encoding in "%zz"'],
    ["prettyPrint=yes", '"prettyPrint": expected true or false, got "yes"'],
    ["fields=a(b", '"fields": column 2: a "(" without its ")"'],
    ["%24fields=a,,b", '"$fields": column 3: unexpected ","'],
  ] as const) {
    test(query, () =>
      assert.equal(
        refusalOf(() => take(query)),
        `INVALID_ARGUMENT: query parameter ${reason}`,
      ),
    );
  }
});

test("the other profiles have no system parameters, and their query is passed on as it is", () => {
  for (const profile of ["standard", "grpc-gateway"] as const) {
    const query = "$alt=json&key=1&fields=(";
    assert.deepEqual(takeSystemParameters(query, dialects[profile], none), { query, form: {} });
  }
});

const messages =
  "message Req { string key = 1; string fields = 2; string upload_type = 3; string alt = 4; Req in = 5; }";
const get = 'get: "/v1/{alt}"';
const post = 'post: "/v1" body: "*"';
const field = 'post: "/v2" body: "in"';
const of = fixturesOf(messages, [get, post, field], "google");

function routeOf(rule: string) {
  const { fixture, reason } = of(rule);
  if (fixture === undefined) throw new Error(reason);
  return fixture.route;
}

test("a name that the query binds to a field stays that field; its $ form is the system's", () => {
  assert.deepEqual([...routeOf(get).ownParameters], ["fields", "key", "uploadType"]);
  assert.deepEqual(take("key=a&fields=b&uploadType=c&$key=d&$fields=e&alt=json", routeOf(get)), {
    query: "key=a&fields=b&uploadType=c",
    form: { fields: "e", format: "json" },
  });
});

test("with body * and strict unknown keys a system parameter is no unknown key", () => {
  assert.equal(routeOf(post).ownParameters.size, 0);
  const { query, form } = take("$alt=json;enum-encoding=int&key=k", routeOf(post));
  assert.deepEqual([query, form], ["", { format: "json", enumNumbers: true }]);
  const body = '{"key":"x"}';
  assert.deepEqual(of(post).fixture?.bind({ query, body }), { key: "x" });
  assert.match(
    refusalOf(() => of(post).fixture?.bind({ query: "nope=1", body })),
    /query parameter "nope": with body "\*" there are no query parameters/,
  );
});

test("explain tells of system parameters, and binds what is left", () => {
  const query = "$alt=json&key=a&quotaUser=q&prettyPrint=x&in.key=b&$httpMethod=GET";
  const steps = routeOf(field).explainBinding(partsOf({ query }));
  assert.deepEqual(
    steps.map(({ from, key, outcome, reason }) => [from, key, outcome, reason]),
    [
      ["system", "$alt", "bound", "says how the reply is printed"],
      ["system", "quotaUser", "ignored", "a system parameter of Google's front end"],
      ["system", "prettyPrint", "refused", 'expected true or false, got "x"'],
      ["query", "key", "bound", undefined],
      ["query", "in.key", "refused", "the body carries this field"],
      ["query", "$httpMethod", "refused", 'no field "$httpMethod" in t.Req'],
    ],
  );
});

test("taking out is total: what is left has no system parameter, or one is refused by name", () => {
  const piece = fc.constantFrom(
    "$",
    "%24",
    "alt",
    "fields",
    "key",
    "=",
    "&",
    "json",
    ";",
    "proto",
    "(",
    "a",
    "%",
    "prettyPrint",
  );
  const query = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(query, (text) => {
      let left = "";
      const refusal = refusalOf(() => {
        left = take(text).query;
      });
      assert.match(refusal, /^(not refused|INVALID_ARGUMENT: query parameter ")/);
      if (refusal === "not refused") assert.deepEqual(take(left), { query: left, form: {} });
    }),
    { numRuns: 2000 },
  );
});
