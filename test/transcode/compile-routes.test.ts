import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileRegistry } from "@bufbuild/protobuf";
import { createCodec } from "../../src/codec/create-codec.ts";
import { compileRoutes } from "../../src/transcode/compile-routes.ts";
import { createRouter } from "../../src/transcode/create-router.ts";
import { dialects } from "../../src/transcode/dialect.ts";
import type { RouteRule, RouteTable } from "../../src/transcode/route.ts";
import { compileSchema, partsOf, rulesOf, tableOf } from "./route-fixture.ts";

function shown(table: RouteTable): { routes: string[]; refused: string[]; shadowed: string[] } {
  return {
    routes: table.routes.map((route) => `${route.httpMethod} ${route.template} ${route.info.name}`),
    refused: table.refused.map(
      (route) => `${route.httpMethod} ${route.template} ${route.methodName}: ${route.reason}`,
    ),
    shadowed: table.shadowed.map(
      ({ route, by }) => `${route.template} ${route.info.name} by ${by.info.name}`,
    ),
  };
}

const request = "message Req { string a = 1; string b = 2; }";
const reply = "returns (Req)";

function rulesFrom(services: string): { registry: FileRegistry; rules: RouteRule[] } {
  const registry = compileSchema(`${request}\n${services}`);
  return { registry, rules: rulesOf(registry) };
}

function compile({ registry, rules }: { registry: FileRegistry; rules: readonly RouteRule[] }): RouteTable {
  return compileRoutes(rules, {
    codecOf: (json) => createCodec(registry, json),
    dialect: dialects.standard,
    policyOf: () => dialects.standard.policy,
  });
}

test("a rule and its additional bindings become routes in declaration order, under any method", () => {
  const table = compile(
    rulesFrom(`service S {
      rpc One(Req) ${reply} { option (google.api.http) = {
        get: "/one/{a}"
        additional_bindings { post: "/one" body: "*" response_body: "a" }
        additional_bindings { custom { kind: "purge" path: "/one/{b}" } }
        additional_bindings { custom { kind: "*" path: "/any" } }
      }; }
      rpc Two(stream Req) returns (stream Req) { option (google.api.http) = { put: "/two" body: "a" }; option idempotency_level = IDEMPOTENT; }
      rpc Three(Req) ${reply} { option (google.api.http) = { delete: "/three" additional_bindings { patch: "/three" } }; }
    }`),
  );
  assert.deepEqual(shown(table), {
    routes: [
      "GET /one/{a} One",
      "POST /one One",
      "PURGE /one/{b} One",
      "* /any One",
      "PUT /two Two",
      "DELETE /three Three",
      "PATCH /three Three",
    ],
    refused: [],
    shadowed: [],
  });
  const two = table.routes[4];
  assert.deepEqual(two?.info, {
    path: "/t.S/Two",
    service: "t.S",
    name: "Two",
    kind: "bidi_streaming",
    idempotency: "idempotent",
  });
  assert.equal(two?.body, "a");
  assert.equal(table.routes[1]?.responseBody, "a");
  assert.equal(table.routes[0]?.origin, "annotation in t.proto");
});

test("a bad rule is refused with its reason and costs no other rule", () => {
  const table = compile(
    rulesFrom(`service S {
      rpc A(Req) ${reply} { option (google.api.http) = { get: "/{a" additional_bindings { get: "/ok" } }; }
      rpc B(Req) ${reply} { option (google.api.http) = { body: "*" }; }
      rpc C(Req) ${reply} { option (google.api.http) = { custom { kind: "BAD METHOD" path: "/c" } }; }
      rpc D(Req) ${reply} { option (google.api.http) = { post: "/d" body: "nope" }; }
      rpc E(Req) ${reply} { option (google.api.http) = { get: "/e" response_body: "nope" }; }
      rpc F(Req) ${reply} { option (google.api.http) = { get: "/{nope}" }; }
      rpc G(Req) ${reply} { option (google.api.http) = {
        get: "/g" additional_bindings { get: "/g2" additional_bindings { get: "/g3" } }
      }; }
      rpc H(Req) ${reply} { option (google.api.http) = { get: "h" }; }
      rpc I(Req) ${reply} { option (google.api.http) = { custom { kind: "" path: "/i" } }; }
    }`),
  );
  assert.deepEqual(shown(table), {
    routes: ["GET /ok A", "GET /g G", "GET /g2 G"],
    refused: [
      "GET /{a t.S/A: column 4: the variable of column 2 is not closed",
      "  t.S/B: no pattern: one of get, put, post, delete, patch, custom is needed",
      'BAD METHOD /c t.S/C: custom.kind "BAD METHOD" is no HTTP method',
      'POST /d t.S/D: body: no field "nope" in t.Req',
      'GET /e t.S/E: response_body: no field "nope" in t.Req',
      'GET /{nope} t.S/F: {nope}: no field "nope" in t.Req',
      "GET /g3 t.S/G: additional_bindings inside of additional_bindings",
      'GET h t.S/H: column 1: a template begins with "/"',
      ' /i t.S/I: custom.kind "" is no HTTP method',
    ],
    shadowed: [],
  });
});

const rivals = `service S {
  rpc First(Req) ${reply} { option (google.api.http) = { get: "/x/{a}" }; }
  rpc Second(Req) ${reply} { option (google.api.http) = { get: "/{b=x/*}" }; }
  rpc Third(Req) ${reply} { option (google.api.http) = { post: "/x/{a}" additional_bindings { get: "/x/{a}:v" } }; }
}`;

test("of two routes that match the same requests the first serves, whatever their variables are called", () => {
  const { registry, rules } = rulesFrom(rivals);
  assert.deepEqual(shown(compile({ registry, rules })), {
    routes: ["GET /x/{a} First", "POST /x/{a} Third", "GET /x/{a}:v Third"],
    refused: [],
    shadowed: ["/{b=x/*} Second by First"],
  });
});

test("a service config's rule beats an annotation, wherever it stands", () => {
  const { registry, rules } = rulesFrom(rivals);
  const [first, second, third] = rules as [RouteRule, RouteRule, RouteRule];
  const configured: RouteRule = { ...second, precedence: "service-config", origin: "api.yaml:3:5" };
  for (const order of [
    [first, configured, third],
    [configured, first, third],
  ]) {
    assert.deepEqual(shown(compile({ registry, rules: order })).shadowed, ["/x/{a} First by Second"]);
  }
  const both = [configured, { ...first, precedence: "service-config" as const }];
  assert.deepEqual(shown(compile({ registry, rules: both })).shadowed, ["/x/{a} First by Second"]);
});

test("explainBinding tells what became of each variable, parameter and body", () => {
  const registry = compileSchema(`
    enum View { VIEW_UNSPECIFIED = 0; FULL = 1; }
    message Book { string title = 1; }
    message Req { int64 shelf = 1; Book book = 2; View view = 3; repeated string tags = 4; }
    service S { rpc M(Req) returns (Req) { option (google.api.http) = { post: "/shelves/{shelf}" body: "book" }; } }`);
  const { routes } = tableOf(registry);
  const match = createRouter(routes).match("POST", "/shelves/7");
  assert.ok(match.kind === "route");
  const steps = match.route.explainBinding(
    partsOf({
      captures: match.captures,
      query: "view=FULL&shelf=8&nope=1&book.title=x&view=0&tags=a+b",
      body: '{"title":"t"}',
    }),
  );
  assert.deepEqual(steps, [
    { from: "path", key: "shelf", text: "7", field: "shelf", type: "int64", outcome: "bound" },
    { from: "query", key: "view", text: "FULL", field: "view", type: "t.View", outcome: "bound" },
    {
      from: "query",
      key: "shelf",
      text: "8",
      field: "shelf",
      type: "int64",
      outcome: "ignored",
      reason: "the path binds this field",
    },
    { from: "query", key: "nope", text: "1", outcome: "refused", reason: 'no field "nope" in t.Req' },
    {
      from: "query",
      key: "book.title",
      text: "x",
      field: "book.title",
      type: "string",
      outcome: "refused",
      reason: "the body carries this field",
    },
    {
      from: "query",
      key: "view",
      text: "0",
      field: "view",
      type: "t.View",
      outcome: "refused",
      reason: 'given twice, and "view" is not repeated',
    },
    { from: "query", key: "tags", text: "a b", field: "tags", type: "repeated string", outcome: "bound" },
    { from: "body", key: "book", text: '{"title":"t"}', field: "book", type: "t.Book", outcome: "bound" },
  ]);
});
