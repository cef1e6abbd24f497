import assert from "node:assert/strict";
import { test } from "node:test";
import { limitServices } from "../../src/gateway/limit-services.ts";
import { type MergedSchema, mergeSchema } from "../../src/schema/merge-schema.ts";
import { compileFiles, inputOf } from "../schema/schema-inputs.ts";

const files = compileFiles({
  "acme.proto": `syntax = "proto3"; package acme.v1; message M {}
service Billing { rpc A(M) returns (M); }
service Orders { rpc A(M) returns (M); }
service OrdersAdmin { rpc A(M) returns (M); }`,
});
const schema = mergeSchema([inputOf("one", files), inputOf("two", files)]);

function placements({ services }: MergedSchema): string[] {
  return services.map(({ desc, upstreams }) => `${desc.name}: ${upstreams.join(", ")}`);
}

const all = ["Billing: one, two", "Orders: one, two", "OrdersAdmin: one, two"];
const rows: readonly [
  servicesOf: Readonly<Record<string, readonly string[]>>,
  want: readonly string[],
  why: string,
][] = [
  [{}, all, "nobody is limited"],
  [{ one: ["acme.v1.*"] }, all, "everything below a package"],
  [{ one: ["*"] }, all, "everything"],
  [
    { one: ["acme.v1.Orders"] },
    ["Billing: two", "Orders: one, two", "OrdersAdmin: two"],
    "one, by its full name",
  ],
  [
    { one: ["acme.v1.Orders"], two: ["acme.v1.Billing"] },
    ["Billing: two", "Orders: one"],
    "a service that nobody is left to serve is gone",
  ],
  [{ one: [], two: [] }, [], "an empty list is none"],
  [
    { one: ["acme.v1.Orders", "acme.v1.Billing"] },
    ["Billing: one, two", "Orders: one, two", "OrdersAdmin: two"],
    "any of several",
  ],
];
for (const [servicesOf, want, why] of rows) {
  test(`${JSON.stringify(servicesOf)} leaves ${want.length} services: ${why}`, () => {
    const limited = limitServices(schema, new Map(Object.entries(servicesOf)));
    assert.deepEqual(placements(limited), want);
    assert.deepEqual(limited.problems, schema.problems);
  });
}

test("a selector that matches nothing is a problem that names upstream and selector", () => {
  const limited = limitServices(schema, new Map([["one", ["acme.v1.Order", "acme.v1.Orders"]]]));
  assert.deepEqual(limited.problems, [
    { place: "upstream one", message: "services: acme.v1.Order matches no service that its schema has" },
  ]);
});

test("a service that another upstream has does not count as matched", () => {
  const other = compileFiles({
    "b.proto": `syntax = "proto3"; package b; message M {} service S { rpc A(M) returns (M); }`,
  });
  const merged = mergeSchema([inputOf("one", files), inputOf("two", other)]);
  const { problems } = limitServices(merged, new Map([["one", ["b.S"]]]));
  assert.deepEqual(
    problems.map(({ place }) => place),
    ["upstream one"],
  );
});
