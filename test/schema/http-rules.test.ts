import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveHttpRules } from "../../src/schema/http-rules.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { parseServiceConfig } from "../../src/schema/service-config.ts";
import { changeFile, compileFiles, inputOf } from "./schema-inputs.ts";

const files = compileFiles({
  "library.proto": `syntax = "proto3";
package demo.v1;
import "google/api/annotations.proto";
message Book { string name = 1; }

service Library {
  rpc GetBook(Book) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{name=books/*}"
      additional_bindings { get: "/old/{name=books/*}" }
    };
  }
  rpc PutBook(Book) returns (Book) {
    option (google.api.http).put = "/v1/{name=books/*}";
    option (google.api.http).body = "*";
  }
  rpc Plain(Book) returns (Book);
}
`,
});
const schema = mergeSchema([inputOf("library", files)]);
const config = (rules: string, file = "api.yaml") => parseServiceConfig(`http:\n  rules:\n${rules}`, file);
const shown = (result: ReturnType<typeof resolveHttpRules>): unknown[] =>
  result.rules.map(({ method, rule, origin, precedence }) => [
    method.name,
    rule.pattern.value,
    origin,
    precedence,
  ]);

test("annotations become rules whose origin is the line of the option", () => {
  const result = resolveHttpRules(schema, []);
  assert.deepEqual(result.problems, []);
  assert.deepEqual(shown(result), [
    ["GetBook", "/v1/{name=books/*}", "annotation in library.proto:8", "annotation"],
    ["PutBook", "/v1/{name=books/*}", "annotation in library.proto:13", "annotation"],
  ]);
  assert.equal(result.rules[0]?.rule.additionalBindings.length, 1);
  assert.equal(result.rules[1]?.rule.body, "*");
});

test("without source locations the origin is the file", () => {
  const bare = files.map((file) => changeFile(file, (proto) => delete proto.sourceCodeInfo));
  const result = resolveHttpRules(mergeSchema([inputOf("library", bare)]), []);
  assert.equal(result.rules[0]?.origin, "annotation in library.proto");
});

test("annotations are read where the schema does not bring google/api/annotations.proto", () => {
  const alone = files
    .filter(({ name }) => name === "library.proto")
    .map((file) => changeFile(file, (proto) => proto.dependency.splice(0)));
  const without = mergeSchema([inputOf("library", alone)]);
  assert.deepEqual(
    without.files.map(({ name }) => name),
    ["library.proto"],
  );
  assert.deepEqual(shown(resolveHttpRules(without, [])), shown(resolveHttpRules(schema, [])));
});

test("a rule of a service config replaces an annotation with all its bindings", () => {
  const result = resolveHttpRules(schema, [
    config("  - selector: demo.v1.Library.GetBook\n    get: /v2/{name}\n"),
  ]);
  assert.deepEqual(shown(result)[0], ["GetBook", "/v2/{name}", "api.yaml:3:5", "service-config"]);
  assert.equal(result.rules[0]?.rule.additionalBindings.length, 0);
  assert.equal(result.rules.length, 2);
});

test("of several matching rules the last one wins, over files too", () => {
  const rules = (one: string, two: string): string =>
    `  - selector: "${one}"\n    get: /first\n  - selector: "${two}"\n    get: /second\n`;
  const exact = "demo.v1.Library.Plain";
  const winner = (...configs: Parameters<typeof resolveHttpRules>[1]): unknown =>
    resolveHttpRules(schema, configs).rules.find(({ method }) => method.name === "Plain")?.rule.pattern.value;
  assert.equal(winner(config(rules(exact, exact))), "/second");
  assert.equal(
    winner(config(rules(exact, "demo.v1.Library.*"))),
    "/second",
    "a wildcard is a match like any other",
  );
  assert.equal(winner(config(rules("*", exact))), "/second");
  assert.equal(winner(config(rules("*", "demo.*"))), "/second");
  assert.equal(
    winner(config(rules(exact, exact)), config(`  - selector: ${exact}\n    get: /third\n`)),
    "/third",
  );
});

test("a selector that matches no method is a problem with its place and the nearest method", () => {
  const result = resolveHttpRules(schema, [
    config("  - selector: demo.v1.Library.GetBok\n    get: /v1\n  - selector: other.*\n    get: /v1\n"),
  ]);
  assert.deepEqual(result.problems.map(formatProblem), [
    "api.yaml:3:5: `demo.v1.Library.GetBok` matches no method, did you mean `demo.v1.Library.GetBook`?",
    "api.yaml:5:5: `other.*` matches no method",
  ]);
});

test("problems of the service configs are told along", () => {
  assert.equal(resolveHttpRules(schema, [config("  - get: /v1\n")]).problems.length, 1);
});

test("an annotation that is garbage is a problem of that method only", () => {
  const broken = files.map((file) =>
    changeFile(file, (proto) => {
      const options = proto.service[0]?.method[0]?.options;
      if (options)
        options.$unknown = [{ no: 72295728, wireType: 2, data: new Uint8Array([3, 0x12, 0x7f, 0x41]) }];
    }),
  );
  const result = resolveHttpRules(mergeSchema([inputOf("library", broken)]), []);
  assert.deepEqual(
    result.rules.map(({ method }) => method.name),
    ["PutBook"],
  );
  assert.match(result.problems[0]?.message ?? "", /option of demo\.v1\.Library\.GetBook cannot be read/);
});
