// Per-method settings as routes see them: what one method's policy says is its own affair.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { compileRoutes } from "../../src/transcode/compile-routes.ts";
import { type Dialect, dialects } from "../../src/transcode/dialect.ts";
import type { Route } from "../../src/transcode/route.ts";
import { compileSchema, fixtureOf, partsOf, refusalOf, rulesOf, service } from "./route-fixture.ts";

const registry = compileSchema(`
  message Inner { string text = 1; repeated Inner more = 2; map<string, Inner> by = 3; google.protobuf.Struct any = 4; }
  message Req { string id = 1; Inner inner = 2; }
  service S {
    rpc Strict(Req) returns (Req) { option (google.api.http) = { post: "/strict/{id}" body: "inner"
      additional_bindings { post: "/strict2/{id}" body: "*" } }; }
    rpc Lenient(Req) returns (Req) { option (google.api.http) = { post: "/lenient/{id}" body: "inner" }; }
  }`);

function routes(asked: JsonOptions[] = []): Map<string, Route> {
  const dialect = dialects.standard;
  const codecOf = (json: JsonOptions): Codec => {
    asked.push(json);
    return createCodec(registry, json);
  };
  const lenient = { ...dialect.policy, json: { ...dialect.policy.json, unknownFields: "ignore" as const } };
  const table = compileRoutes(rulesOf(registry), {
    codecOf,
    dialect,
    policyOf: ({ name }) => (name === "Lenient" ? lenient : dialect.policy),
  });
  return new Map(table.routes.map((route) => [route.template, route]));
}

const body = '{"text":"t","nope":1,"more":[{},{"no":{}}],"by":{"k":{"neither":"x"}},"any":{"fine":1}}';
const parts = partsOf({ captures: ["p"], query: "nope=1", body });

test("unknown: ignore holds for one method, in query and body, and the others refuse", () => {
  const lenient = routes().get("/lenient/{id}");
  const bound = fromBinary(
    lenient?.method.input as Route["method"]["input"],
    lenient?.bind(parts) ?? new Uint8Array(),
  );
  assert.deepEqual(toJson(lenient?.method.input as Route["method"]["input"], bound), {
    id: "p",
    inner: { text: "t", more: [{}, {}], by: { k: {} }, any: { fine: 1 } },
  });
  const strict = routes().get("/strict/{id}");
  assert.match(
    refusalOf(() => strict?.bind(parts)),
    /^INVALID_ARGUMENT: .*nope/,
  );
  assert.match(
    refusalOf(() => strict?.bind({ ...parts, body: new Uint8Array() })),
    /^INVALID_ARGUMENT: query parameter "nope"/,
  );
});

test("explain lists the JSON keys that are ignored, by their path", () => {
  const steps = routes().get("/lenient/{id}")?.explainBinding(parts) ?? [];
  assert.deepEqual(
    steps
      .filter(({ outcome }) => outcome === "ignored")
      .map(({ from, key, text, reason }) => [from, key, text, reason]),
    [
      ["query", "nope", "1", 'no field "nope" in t.Req'],
      ["body", "nope", "1", 'no field "nope" in t.Inner'],
      ["body", "more[1].no", "{}", 'no field "no" in t.Inner'],
      ["body", "by[k].neither", '"x"', 'no field "neither" in t.Inner'],
    ],
  );
});

test("a codec is asked for once per method, and a route tells its policy", () => {
  const asked: JsonOptions[] = [];
  const table = routes(asked);
  assert.equal(asked.length, 3, "one for texts of path and query, one for each method");
  assert.equal(table.get("/strict2/{id}")?.policy, dialects.standard.policy);
  assert.equal(table.get("/lenient/{id}")?.policy.json.unknownFields, "ignore");
});

test("unescape decides how variables of several segments are decoded, whatever the dialect", () => {
  const wide = compileSchema(`message Req { string id = 1; } ${service('get: "/{id=**}"')}`);
  const bind = (unescaping?: Dialect["unescape"]) =>
    fixtureOf(wide, "standard", unescaping === undefined ? {} : { unescape: unescaping }).bind({
      captures: ["a%2Fb%3Fc%20d"],
    });
  assert.deepEqual(bind(), { id: "a%2Fb?c d" });
  assert.deepEqual(bind("all"), { id: "a/b?c d" });
  assert.deepEqual(bind("all-except-reserved"), { id: "a%2Fb%3Fc d" });
});
