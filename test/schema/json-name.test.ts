import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonNameOf } from "../../src/schema/json-name.ts";
import { compileProto } from "../support/compile-proto.ts";

const names = [
  "a",
  "the_name",
  "the__name",
  "_lead",
  "trail_",
  "a1_b2",
  "UPPER_CASE",
  "camelCase",
  "x_1",
  "_",
  "a_B",
];

test("a JSON name is what protoc makes of the name", () => {
  for (const name of names) {
    const { registry } = compileProto({
      "a.proto": `syntax = "proto2"; message A { optional int32 ${name} = 1; }`,
    });
    assert.equal(jsonNameOf(name), registry.getMessage("A")?.fields[0]?.jsonName, name);
  }
});

test("a name without underscores is its own JSON name", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z][A-Za-z0-9]*$/), (name) => assert.equal(jsonNameOf(name), name)),
  );
});
