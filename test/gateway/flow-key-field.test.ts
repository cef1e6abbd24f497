// The fields that limits count by, found in a descriptor and read from messages that protobuf-es has written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type DescMessage, fromJson, toBinary } from "@bufbuild/protobuf";
import { createKeyFieldReaders, resolveKeyField } from "../../src/gateway/flow-key-field.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { compileFiles, inputOf } from "../schema/schema-inputs.ts";

const files = compileFiles({
  "keys.proto": `edition = "2023";
package t;
message Ask {
  string name = 1;
  sint64 number = 2;
  Inner inner = 3;
  Inner group = 4 [features.message_encoding = DELIMITED];
  oneof who { string user = 5; fixed32 device = 6; Inner other = 7 [features.message_encoding = DELIMITED]; }
  repeated string tags = 8;
  map<string, string> labels = 9;
  Kind kind = 10;
  double ratio = 11;
  bool flag = 12;
  bytes hash = 13;
}
message Inner { string tenant = 1; Inner inner = 2; }
enum Kind { ZERO = 0; ONE = 1; }
service Keys { rpc Get(Ask) returns (Ask); }`,
});
const schema = mergeSchema([inputOf("backend", files)]);
const ask = schema.services[0]?.desc.methods[0]?.input as DescMessage;

function read(path: string, json: Parameters<typeof fromJson>[1]): string | undefined {
  return createKeyFieldReaders(ask)(path)?.(toBinary(ask, fromJson(ask, json)));
}

const values: readonly (readonly [path: string, json: Parameters<typeof fromJson>[1], value: string])[] = [
  ["name", { name: "a" }, "a"],
  ["number", { number: "-5" }, "-5"],
  ["inner.tenant", { inner: { tenant: "b" }, group: { tenant: "c" } }, "b"],
  ["group.tenant", { inner: { tenant: "b" }, group: { tenant: "c" } }, "c"],
  ["inner.inner.tenant", { inner: { tenant: "b", inner: { tenant: "d" } } }, "d"],
  ["user", { user: "e" }, "e"],
  ["device", { device: 7 }, "7"],
  ["other.tenant", { other: { tenant: "f" } }, "f"],
  ["kind", { kind: "ONE" }, "1"],
  ["ratio", { ratio: 0.5 }, "0.5"],
  ["flag", { flag: true }, "true"],
];
for (const [path, json, value] of values) {
  test(`field:${path} of ${JSON.stringify(json)} is ${value}`, () => {
    assert.equal(read(path, json), value);
  });
}

test("a member of a oneof that another one replaces is not there, whatever its type", () => {
  const bytes = (json: Parameters<typeof fromJson>[1]) => toBinary(ask, fromJson(ask, json));
  for (const [path, first, last, empty] of [
    ["user", { user: "a" }, { device: 1 }, ""],
    ["user", { user: "a" }, { other: {} }, ""],
    ["device", { device: 1 }, { other: { tenant: "x" } }, "0"],
    ["other.tenant", { other: { tenant: "x" } }, { user: "a" }, ""],
  ] as const) {
    const message = Buffer.concat([bytes(first), bytes(last)]);
    assert.equal(createKeyFieldReaders(ask)(path)?.(message), empty, path);
  }
});

test("a path that leads to no single scalar has a reason and no reader", () => {
  for (const [path, reason] of [
    ["nope", 'no field "nope" in t.Ask'],
    ["inner", '"inner" is t.Inner, expected one scalar'],
    ["tags", '"tags" is repeated string, expected one scalar'],
    ["labels", '"labels" is map<string, string>, expected one scalar'],
    ["name.x", '"name" is string, which has no fields of its own'],
    ["", 'no field "" in t.Ask'],
    ["__proto__", 'no field "__proto__" in t.Ask'],
    [`${"inner.".repeat(40)}tenant`, "a path of 41 fields, at most 32 are read"],
  ] as const) {
    assert.equal(resolveKeyField(ask, path), reason);
    assert.equal(createKeyFieldReaders(ask)(path), undefined);
  }
});

test("a message without the field reads as its zero value", () => {
  const empty = toBinary(ask, create(ask));
  assert.equal(createKeyFieldReaders(ask)("name")?.(empty), "");
  assert.equal(createKeyFieldReaders(ask)("number")?.(empty), "0");
});
