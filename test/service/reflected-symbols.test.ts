// For every file of a schema, each name in it is found in the file that declares it. The names are read from the
// descriptors by a walk of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { createFileLookup } from "../../src/service/file-lookup.ts";
import { createSchemaFiles } from "../../src/service/file-set.ts";
import { createOwnFiles } from "../../src/service/own-files.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { reflectedFiles } from "./reflected-proto.ts";
import { schemaOf } from "./reflection-fixture.ts";

function namesIn(proto: FileDescriptorProto): string[] {
  const names: string[] = [];
  const scoped = (scope: string, name: string): string => {
    const full = scope === "" ? name : `${scope}.${name}`;
    names.push(full);
    return full;
  };
  const addEnum = (scope: string, { name, value }: EnumDescriptorProto): void => {
    scoped(scope, name);
    for (const it of value) scoped(scope, it.name);
  };
  const addMessage = (scope: string, message: DescriptorProto): void => {
    const name = scoped(scope, message.name);
    if (message.options?.mapEntry === true) return;
    for (const it of [...message.field, ...message.oneofDecl, ...message.extension]) scoped(name, it.name);
    for (const it of message.enumType) addEnum(name, it);
    for (const it of message.nestedType) addMessage(name, it);
  };
  for (const it of proto.messageType) addMessage(proto.package, it);
  for (const it of proto.enumType) addEnum(proto.package, it);
  for (const it of proto.extension) scoped(proto.package, it.name);
  for (const it of proto.service) {
    const name = scoped(proto.package, it.name);
    for (const method of it.method) scoped(name, method.name);
  }
  return names;
}

const schema = schemaOf([
  ...reflectedFiles,
  ...compileFiles({
    "uses.proto": `syntax = "proto3";
      package uses;
      import "google/api/annotations.proto";
      import "google/protobuf/struct.proto";
      import "protogate/v1/options.proto";
      message Used { google.protobuf.Struct struct = 1; }
      service Uses { rpc Use(Used) returns (Used) { option (google.api.http) = { get: "/v1/use" }; } }`,
  }),
]);
const own = createOwnFiles(schema.registry);
const lookup = createFileLookup([createSchemaFiles(schema.files, schema.registry), own]);
const ownFiles = [...own.names()].flatMap((name) => own.fileNamed(name) ?? []);
const protos = [...schema.files, ...ownFiles].map(({ bytes }) =>
  fromBinary(FileDescriptorProtoSchema, bytes),
);
const declared = protos.flatMap((proto) => namesIn(proto).map((name) => ({ name, file: proto.name })));

test("each name of a schema and of the gateway's own files is found in the file that declares it", () => {
  assert.ok(declared.length > 500);
  const wrong = declared.filter(({ name, file }) => lookup.fileOfSymbol(name)?.name !== file);
  assert.deepEqual(wrong, []);
});

test("each file is found by its name, and so is all it imports", () => {
  for (const proto of protos) {
    const file = lookup.fileNamed(proto.name);
    assert.deepEqual(file?.imports, proto.dependency);
    for (const name of file.imports) assert.ok(lookup.fileNamed(name), name);
  }
});

test("each extension is found by its number, and its number is listed", () => {
  let count = 0;
  for (const type of schema.registry) {
    if (type.kind !== "extension") continue;
    count++;
    const extendee = type.extendee.typeName;
    assert.equal(lookup.fileOfExtension(extendee, type.number)?.name, type.file.proto.name);
    assert.ok(lookup.extensionNumbers(extendee)?.includes(type.number));
  }
  assert.ok(count > 3);
});

test("a name that is not declared is not found, whatever it looks like", () => {
  const names = new Set(declared.map(({ name }) => name));
  const known = fc.constantFrom(...names);
  const part = fc.constantFrom(".", "..", "/", "__proto__", "constructor", "toString", "\0", "💥", "Order");
  const name = fc.oneof(
    fc.string(),
    fc.tuple(known, fc.string()).map(([a, b]) => a + b),
    fc.tuple(known, part).map(([a, b]) => `${a}.${b}`),
  );
  fc.assert(
    fc.property(name, (symbol) => {
      // The one other spelling that is known: an enum's value inside its enum.
      const inside = symbol.split(".");
      inside.splice(-2, 1);
      if (lookup.fileOfSymbol(symbol) !== undefined) {
        assert.ok(names.has(symbol) || names.has(inside.join(".")), symbol);
      }
    }),
    { numRuns: 2_000 },
  );
});
