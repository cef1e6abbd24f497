import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countDescriptorObjects } from "../../src/schema/descriptor-objects.ts";
import { compileFiles } from "./schema-inputs.ts";

const countOf = (proto: string): number => {
  const file = compileFiles({ "a.proto": proto }).find(({ name }) => name === "a.proto");
  assert.ok(file);
  return countDescriptorObjects(file.bytes, 1_000_000);
};

test("each field, value, option and source location is an object, names and numbers are none", () => {
  const base = countOf(`syntax = "proto3"; message A {}`);
  const more = countOf(`syntax = "proto3"; message A { int32 a = 1; int32 b = 2 [deprecated = true]; }`);
  assert.ok(more > base + 4, `${base} ${more}`);
});

test("counting stops at the limit", () => {
  assert.equal(countDescriptorObjects(Buffer.alloc(100_000, Buffer.from([0x22, 0x00])), 10), 11);
});

test("any bytes are counted without an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.ok(countDescriptorObjects(bytes, 1_000) <= 1_001);
    }),
  );
});
