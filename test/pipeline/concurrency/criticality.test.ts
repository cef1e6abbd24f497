import assert from "node:assert/strict";
import { test } from "node:test";
import {
  criticalityNames,
  placesFor,
  readCriticality,
} from "../../../src/pipeline/concurrency/criticality.ts";
import { Header } from "../../../src/rpc/header.ts";
import { callOf } from "../../contract/transport.ts";

const rows: readonly [values: readonly string[], name: string, reason: string][] = [
  [[], "critical", "who says nothing is as good as most"],
  [["sheddable"], "sheddable", "a value"],
  [["sheddable-plus"], "sheddable-plus", "a value"],
  [["critical"], "critical", "a value"],
  [["critical-plus"], "critical-plus", "a value"],
  [["CRITICAL_PLUS"], "critical-plus", "the spelling of the SRE book"],
  [[" Sheddable "], "sheddable", "space and case"],
  [["important"], "critical", "nobody knows it"],
  [[""], "critical", "no value"],
  [["health"], "critical", "nobody can claim to be a health check"],
  [["__proto__"], "critical", "a name like any other"],
  [["critical-plus", "sheddable"], "sheddable", "of two the least counts"],
  [["sheddable", "critical-plus"], "sheddable", "in either order"],
  [["critical-plus, sheddable-plus"], "sheddable-plus", "in one line"],
  [["critical-plus", "nonsense"], "critical-plus", "nonsense counts for nothing"],
  [["critical-plus".padStart(1_000_000)], "critical", "too long to be looked at"],
];
for (const [values, name, reason] of rows) {
  test(`${JSON.stringify(values).slice(0, 40)} is ${name}: ${reason}`, () => {
    const header = Header.of(values.map((value) => ["x-criticality", value]));
    assert.equal(criticalityNames[readCriticality(callOf("unary", { header }))], name);
  });
}

test("a call of the health service is a health check, whatever it says", () => {
  const call = callOf("unary", { header: Header.of([["x-criticality", "sheddable"]]) });
  const method = { ...call.method, service: "grpc.health.v1.Health" };
  assert.equal(criticalityNames[readCriticality({ ...call, method })], "health");
});

test("the last places are kept for those that matter, and the only one for nobody", () => {
  assert.deepEqual(
    ([0, 1, 2, 3, 4] as const).map((criticality) => placesFor(criticality, 50)),
    [40, 45, 50, 50, 50],
  );
  assert.deepEqual(
    ([0, 1, 2, 3, 4] as const).map((criticality) => placesFor(criticality, 1)),
    [1, 1, 1, 1, 1],
  );
});
