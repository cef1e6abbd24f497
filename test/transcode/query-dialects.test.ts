// What other profiles than the standard one make of a query.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bound, gateway, google, path, refused } from "./query-fixture.ts";
import { partsOf } from "./route-fixture.ts";

describe("dialects", () => {
  test("grpc-gateway ignores unknown keys, but no malformed ones", () => {
    assert.deepEqual(bound("bok=1&author.bok=x&text=a", gateway), { ...path, text: "a" });
    assert.match(refused("bok=%", gateway), /malformed/);
    assert.match(refused("i32=x", gateway), /expected int32/);
  });

  for (const [query, reason, fact] of [
    ["right=x", "set its fields as right.field", "a message as a value"],
    ["any=x", "set its fields as any.field", "an Any as a value"],
    ["crowd=x", "which a parameter cannot carry", "a repeated message as a value"],
    ["labels=x", "set it as labels[key]", "a map without a key"],
    ["authors[a]=x", "its values cannot be set by a parameter", "a map of messages"],
    ["tags[0]=x", "not a map", "brackets on a field that is no map"],
    ["text.more=x", 'which has no "more" to set', "a field below a scalar"],
    ["text.=x", 'which has no "" to set', "a dot behind a scalar"],
    ["crowd.age=1", 'which has no "age" to set', "a field below a repeated message"],
    ["author.mentor.full_name.x=1&text.x=1", 'which has no "x" to set', "but not where the path binds it"],
    [`right.${"mentor.".repeat(40)}age=1`, "nested deeper than 32", "a field that is too deep to be meant"],
  ] as const) {
    test(`grpc-gateway refuses a known key that is misused: ${fact}`, () => {
      assert.ok(refused(query, gateway).includes(reason), refused(query, gateway));
      const steps = gateway.route.explainBinding(partsOf({ captures: ["p", "m"], query }));
      const told = steps.find(({ outcome }) => outcome === "refused");
      assert.ok(told?.reason?.includes(reason) && told.field !== undefined && told.type !== undefined);
    });
  }

  test("grpc-gateway ignores what begins like a known key and names no field", () => {
    for (const query of ["labels[a=x", "labels[a].b=x", "bok.deep=1", "bok[a]=1", ".text=a"]) {
      assert.deepEqual(bound(query, gateway), path, query);
    }
  });

  test("integers are decimal in the grpc-gateway profile too: its ParseInt is asked for base 10", () => {
    for (const text of ["0x10", "0b1", "0o7", "1_000"]) {
      assert.match(refused(`i32=${text}`, gateway), /expected int32/);
      assert.match(refused(`boxed=${text}`, gateway), /expected int64/);
    }
    assert.deepEqual(bound("i32=010", gateway), { ...path, i32: 10 });
  });

  test("grpc-gateway reads bools as Go does", () => {
    assert.deepEqual(bound("flag=T", gateway), { ...path, flag: true });
    assert.match(refused("flag=yes", gateway), /expected bool/);
  });

  test("google reads bools as Python prints them", () => {
    assert.deepEqual(bound("flag=True", google), { ...path, flag: true });
    assert.match(refused("flag=1", google), /expected bool/);
  });

  for (const [text, expected] of [
    ["1h30m", "5400s"],
    ["-300ms", "-0.300s"],
    ["1.5h", "5400s"],
    ["2m0.5s", "120.500s"],
    ["1us", "0.000001s"],
    ["0", "0s"],
    ["3.5s", "3.500s"],
    ["+5s", "5s"],
    ["+0", "0s"],
    ["-0", "0s"],
    [".5s", "0.500s"],
    ["1.s", "1s"],
    ["-.5h", "-1800s"],
  ] as const) {
    test(`grpc-gateway reads the duration ${text} as ${expected}`, () => {
      assert.deepEqual(bound(`ttl=${encodeURIComponent(text)}`, gateway), { ...path, ttl: expected });
    });
  }

  for (const text of ["1", "h", "-", "+", "+-1s", ".s", ".", "00", "", "1h x", `${"9".repeat(18)}h`]) {
    test(`grpc-gateway reads no duration in "${text}"`, () => {
      assert.match(refused(`ttl=${encodeURIComponent(text)}`, gateway), /expected google.protobuf.Duration/);
    });
  }
});
