import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "../../src/cli/table-problems.ts";
import type { RouteTableView, SchemaSourceView } from "../../src/gateway/route-table-view.ts";
import { formatProblem } from "../../src/schema/problem.ts";

const empty: RouteTableView = {
  digest: "",
  since: null,
  profile: "standard",
  policy: [],
  routes: [],
  methods: [],
  refused: [],
  shadowed: [],
  sources: [],
  upstreams: [],
  problems: [],
};
const source: SchemaSourceView = {
  name: "api.binpb",
  state: "good",
  upstreams: [],
  fileCount: 1,
  serviceCount: 1,
  digest: "abc",
  readAt: null,
  ageMs: null,
  problems: [],
};

test("a table without a flaw has no problems", () => {
  assert.deepEqual(problemsOf({ ...empty, sources: [source] }), []);
});

test("failed sources, contradictions, refused and shadowed routes are problems with their places", () => {
  const twice = { place: "api.binpb", message: "file a.proto differs" };
  const table: RouteTableView = {
    ...empty,
    sources: [{ ...source, problems: [twice] }],
    problems: [twice, { place: "api.yaml:3:5", message: "selector matches nothing" }],
    refused: [
      {
        httpMethod: "GET",
        template: "/v1/{a",
        rpc: "a.A/B",
        origin: "annotation in a.proto",
        reason: "column 5",
      },
    ],
    shadowed: [
      {
        httpMethod: "GET",
        template: "/v1/a",
        rpc: "a.A/C",
        origin: "annotation in b.proto",
        shadowedBy: "a.A/B",
      },
    ],
  };
  assert.deepEqual(problemsOf(table).map(formatProblem), [
    "api.binpb: file a.proto differs",
    "api.yaml:3:5: selector matches nothing",
    "annotation in a.proto: GET /v1/{a of a.A/B is refused: column 5",
    "annotation in b.proto: GET /v1/a of a.A/C never matches: a.A/B stands before it",
  ]);
});
