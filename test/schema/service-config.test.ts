import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../src/schema/problem.ts";
import { parseServiceConfig, readServiceConfig } from "../../src/schema/service-config.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

const parse = (text: string) => parseServiceConfig(text, "api.yaml");
const problemsOf = (text: string): string[] => parse(text).problems.map(formatProblem);

const sound = `type: google.api.Service
config_version: 3
name: library.example.com
title: Library
apis:
- name: demo.v1.Library
documentation:
  summary: Books
http:
  rules:
  - selector: demo.v1.Library.GetBook
    get: /v1/{name=books/*}
    additional_bindings:
    - get: /v1/shelves/{shelf}/books/{book}
      response_body: book
  - selector: demo.v1.Library.Purge
    custom:
      kind: PURGE
      path: /v1/books
    body: "*"
`;

test("the rules of a service config are read with the place of each", () => {
  const config = parse(sound);
  assert.deepEqual(config.problems, []);
  assert.deepEqual(
    config.rules.map(({ origin }) => origin),
    ["api.yaml:11:5", "api.yaml:16:5"],
  );
  const [first, second] = config.rules.map(({ rule }) => rule);
  assert.equal(first?.selector, "demo.v1.Library.GetBook");
  assert.deepEqual(first?.pattern, { case: "get", value: "/v1/{name=books/*}" });
  assert.equal(first?.additionalBindings[0]?.responseBody, "book");
  assert.equal(second?.pattern.case === "custom" && second.pattern.value.kind, "PURGE");
  assert.equal(second?.body, "*");
  assert.equal(config.fullyDecodeReservedExpansion, false);
});

test("JSON in camel case is a service config too", () => {
  const config = parse(
    JSON.stringify({
      type: "google.api.Service",
      configVersion: 3,
      http: {
        fullyDecodeReservedExpansion: true,
        rules: [
          {
            selector: "a.B.C",
            post: "/v1/c",
            body: "*",
            responseBody: "c",
            additionalBindings: [{ get: "/v1/d" }],
          },
        ],
      },
    }),
  );
  assert.deepEqual(config.problems, []);
  assert.equal(config.rules[0]?.rule.responseBody, "c");
  assert.equal(config.fullyDecodeReservedExpansion, true);
});

const rule = (lines: string): string => `type: google.api.Service\nhttp:\n  rules:\n${lines}`;
const wrong: [reason: string, text: string, problems: string[]][] = [
  [
    "a field that is misspelled names the nearest",
    rule("  - selector: a.B.C\n    get: /v1\n    respone_body: x\n"),
    ["api.yaml:6:5: an http rule has no field `respone_body`, did you mean `response_body`?"],
  ],
  [
    "a rule without selector",
    rule("  - get: /v1\n"),
    ["api.yaml:4:5: an http rule needs a `selector`: the method it is for"],
  ],
  [
    "a rule with two patterns",
    rule("  - selector: a.B.C\n    get: /v1\n    post: /v1\n"),
    [
      "api.yaml:4:5: an http rule needs exactly one of get, put, post, delete, patch, custom; it has get and post",
    ],
  ],
  [
    "a rule without pattern",
    rule("  - selector: a.B.C\n"),
    ["api.yaml:4:5: an http rule needs exactly one of get, put, post, delete, patch, custom; it has none"],
  ],
  [
    "a path that is no string",
    rule("  - selector: a.B.C\n    get: 5\n"),
    ["api.yaml:5:10: `get` must be a string"],
  ],
  [
    "a selector with a star inside",
    rule("  - selector: a.*.C\n    get: /v1\n"),
    ["api.yaml:4:15: `a.*.C` is no selector: a method (pkg.Service.Method), pkg.Service.*, pkg.* or *"],
  ],
  [
    "bindings inside bindings",
    rule(
      "  - selector: a.B.C\n    get: /v1\n    additional_bindings:\n    - get: /v2\n      additional_bindings: []\n",
    ),
    ["api.yaml:8:7: an additional binding must not have bindings of its own"],
  ],
  [
    "a custom pattern without kind",
    rule("  - selector: a.B.C\n    custom: { path: /v1 }\n"),
    ["api.yaml:5:13: `custom` needs a `kind` (the HTTP method) and a `path`"],
  ],
  [
    "a custom field that is misspelled",
    rule("  - selector: a.B.C\n    custom: { kin: GET, path: /v1 }\n"),
    ["api.yaml:5:15: `custom` has no field `kin`, did you mean `kind`?"],
  ],
  ["rules that are no list", "http:\n  rules: 5\n", ["api.yaml:2:10: `http.rules` must be a list"]],
  ["http that is no mapping", "http: [1]\n", ["api.yaml:1:7: `http` must be a mapping"]],
  [
    "a top-level field that is misspelled",
    "htp:\n  rules: []\n",
    ["api.yaml:1:1: google.api.Service has no field `htp`, did you mean `http`?"],
  ],
  [
    "another type",
    "type: google.api.Gadget\n",
    ["api.yaml:1:7: `type` is google.api.Gadget; it must be google.api.Service"],
  ],
  ["text that is no mapping", "hello\n", ["api.yaml:1:1: a service config must be a mapping"]],
  [
    "nothing",
    "",
    ["api.yaml: it is empty; a service config has `type: google.api.Service` and `http.rules`"],
  ],
];
for (const [reason, text, problems] of wrong) {
  test(`${reason} is a problem with line and column`, () => assert.deepEqual(problemsOf(text), problems));
}

test("a rule with a problem is left out, the others stay", () => {
  const config = parse(rule("  - selector: a.B.C\n    got: /v1\n  - selector: a.B.D\n    get: /v1\n"));
  assert.deepEqual(
    config.rules.map((it) => it.rule.selector),
    ["a.B.D"],
  );
  assert.equal(config.problems.length, 2);
});

test("text that is no YAML is a problem with its place", () => {
  assert.match(problemsOf("http: {\n  rules: [")[0] ?? "", /^api\.yaml:\d+:\d+: /);
});

test("anchors are followed, also those that bite their own tail", () => {
  assert.deepEqual(problemsOf(rule("  - &r { selector: a.B.C, get: /v1 }\n  - *r\n")), []);
  assert.equal(parse(rule("  - &r { selector: a.B.C, get: /v1 }\n  - *r\n")).rules.length, 2);
  assert.notDeepEqual(
    problemsOf(rule("  - &r { selector: a.B.C, get: /v1, additional_bindings: [*r] }\n")),
    [],
  );
});

test("nesting without end is a problem and no crash", () => {
  assert.equal(problemsOf("[".repeat(50_000)).length > 0, true);
});

test("the digest follows the text", () => {
  assert.equal(parse(sound).digest, parse(sound).digest);
  assert.notEqual(parse(sound).digest, parse(`${sound}\n`).digest);
});

test("a file that cannot be read is a problem of its path", async () => {
  const folder = createTemporaryFolder({ "api.yaml": sound });
  try {
    assert.equal((await readServiceConfig(`${folder.folder}/api.yaml`)).rules.length, 2);
    const { problems } = await readServiceConfig(`${folder.folder}/gone.yaml`);
    assert.match(problems[0]?.message ?? "", /cannot be read as a service config: ENOENT/);
  } finally {
    folder.cleanUp();
  }
});
