import assert from "node:assert/strict";
import { test } from "node:test";
import { getOption } from "@bufbuild/protobuf";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import { type MergedSchema, mergeSchema } from "../../src/schema/merge-schema.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { changeFile, compileFiles, inputOf, libraryProto } from "./schema-inputs.ts";

const library = compileFiles({ "demo/library.proto": libraryProto });
const named = (files: readonly SchemaFile[], name: string): SchemaFile => {
  const file = files.find((it) => it.name === name);
  assert.ok(file, `no file ${name}`);
  return file;
};
const libraryFile = named(library, "demo/library.proto");
const problemsOf = (schema: MergedSchema): string[] => schema.problems.map(formatProblem);
const placesOf = (schema: MergedSchema): [string, readonly string[]][] =>
  schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams]);
/** A file with a service, in the package `package`. */
const serviceProto = (pkg: string, message: string, extra = ""): string => `syntax = "proto3";
package ${pkg};
${extra}
message ${message} { string id = 1; }
service ${message}s { rpc Get(${message}) returns (${message}); }
`;

test("one source becomes a registry, its files in order of their imports with the bytes they came with", () => {
  const schema = mergeSchema([inputOf("library", library.toReversed())]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["library"]]]);
  const names = schema.files.map(({ name }) => name);
  assert.equal(names.at(-1), "demo/library.proto");
  assert.ok(names.indexOf("google/api/http.proto") < names.indexOf("google/api/annotations.proto"));
  assert.deepEqual(
    Buffer.from(named(schema.files, "demo/library.proto").bytes),
    Buffer.from(libraryFile.bytes),
  );
  const method = schema.registry.getService("demo.v1.Library")?.methods[0];
  assert.ok(method);
  assert.equal(getOption(method, http).pattern.value, "/v1/{name=books/*}");
});

test("imports that no source brings are supplied where they are well known", () => {
  const schema = mergeSchema([inputOf("library", [libraryFile])]);
  assert.deepEqual(problemsOf(schema), []);
  const names = schema.files.map(({ name }) => name);
  assert.ok(names.includes("google/protobuf/timestamp.proto"));
  assert.ok(names.includes("google/api/annotations.proto"));
  assert.ok(!names.includes("google/protobuf/struct.proto"), "what nothing needs is left out");
});

test("an import that only options use may be missing", () => {
  const file = changeFile(libraryFile, (proto) => proto.dependency.push("validate/validate.proto"));
  const schema = mergeSchema([inputOf("library", [file])]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(schema.registry.getFile("demo/library.proto")?.proto.dependency, [
    "google/api/annotations.proto",
    "google/protobuf/timestamp.proto",
  ]);
});

test("a type is found in a file that is imported under another path", () => {
  const files = compileFiles({
    "common.proto": `syntax = "proto3"; package demo; message Money { int64 units = 1; }`,
    "shop.proto": serviceProto("demo", "Item", `import "common.proto"; message Priced { Money price = 1; }`),
  });
  const renamed = files.map((file) =>
    changeFile(file, (proto) => {
      if (proto.name === "common.proto") proto.name = "proto/common.proto";
    }),
  );
  const schema = mergeSchema([inputOf("shop", renamed)]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(schema.registry.getFile("shop.proto")?.proto.dependency, ["proto/common.proto"]);
});

test("the same file from two upstreams is one, and its service is placed in both", () => {
  const schema = mergeSchema([inputOf("one", library), inputOf("two", library)]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["one", "two"]]]);
  assert.deepEqual(schema.services[0]?.sources, ["source of one", "source of two"]);
});

test("comments and spelled-out JSON names make no difference between files", () => {
  const bare = changeFile(libraryFile, (proto) => {
    delete proto.sourceCodeInfo;
    for (const message of proto.messageType) for (const field of message.field) field.jsonName = "";
    for (const message of proto.messageType) {
      for (const field of message.field) Reflect.deleteProperty(field, "jsonName");
    }
  });
  assert.notDeepEqual(bare.bytes, libraryFile.bytes);
  const schema = mergeSchema([inputOf("one", [libraryFile]), inputOf("two", [bare])]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["one", "two"]]]);
});

test("a JSON name that the descriptor leaves out is made", () => {
  const bare = changeFile(libraryFile, (proto) => {
    for (const message of proto.messageType) {
      for (const field of message.field) Reflect.deleteProperty(field, "jsonName");
    }
  });
  const schema = mergeSchema([inputOf("one", [bare])]);
  assert.equal(schema.registry.getMessage("demo.v1.Book")?.fields[0]?.jsonName, "theName");
});

test("different declarations of one message name both sources and the file, and the later source's services that use it are refused", () => {
  const other = compileFiles({
    "demo/library.proto": libraryProto
      .replace("string id = 1;", "int64 id = 1;")
      .concat(`message Ping {} service Pings { rpc Ping_(Ping) returns (Ping); }`),
  });
  const schema = mergeSchema([inputOf("one", library), inputOf("two", other)]);
  assert.deepEqual(placesOf(schema), [
    ["demo.v1.Library", ["one"]],
    ["demo.v1.Pings", ["two"]],
  ]);
  assert.deepEqual(problemsOf(schema), [
    "demo/library.proto in source of two: demo.v1.Shelf is declared differently by source of one in demo/library.proto, which serves; services of source of two that use it are refused",
    "source of two: demo.v1.Library is refused: it uses demo.v1.Shelf of demo/library.proto, which source of one declares differently",
  ]);
});

test("two unrelated files of one name both serve", () => {
  const schema = mergeSchema([
    inputOf("one", compileFiles({ "api.proto": serviceProto("one", "Thing") })),
    inputOf(
      "two",
      compileFiles({
        "api.proto": serviceProto("two", "Thing"),
        "more.proto": serviceProto("two", "More", `import "api.proto"; message Holder { Thing thing = 1; }`),
      }),
    ),
  ]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(placesOf(schema), [
    ["one.Things", ["one"]],
    ["two.Things", ["two"]],
    ["two.Mores", ["two"]],
  ]);
  assert.deepEqual(schema.files.map(({ name }) => name).sort(), ["api.proto", "api~2.proto", "more.proto"]);
  assert.deepEqual(schema.registry.getFile("more.proto")?.proto.dependency, ["api~2.proto"]);
});

test("options that differ are a problem that costs nothing", () => {
  const other = compileFiles({ "demo/library.proto": libraryProto.replace("/v1/{name", "/v2/{name") });
  const schema = mergeSchema([inputOf("one", library), inputOf("two", other)]);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["one", "two"]]]);
  assert.equal(problemsOf(schema).length, 1);
  assert.match(problemsOf(schema)[0] ?? "", /^demo\/library\.proto in source of two: its options differ/);
});

test("an overlay replaces an upstream's file of the same name and brings the options that got lost", () => {
  const lost = changeFile(libraryFile, (proto) => {
    for (const service of proto.service) for (const method of service.method) delete method.options;
  });
  const schema = mergeSchema([inputOf("library", [lost], ["demo.v1.Library"]), inputOf("overlay", library)]);
  assert.deepEqual(problemsOf(schema), []);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["library"]]]);
  const method = schema.services[0]?.desc.methods[0];
  assert.equal(method && getOption(method, http).pattern.value, "/v1/{name=books/*}");
});

test("an overlay offers no services of its own", () => {
  assert.deepEqual(mergeSchema([inputOf("overlay", library)]).services, []);
});

test("a service that is offered without a descriptor is a problem, and the others serve", () => {
  const schema = mergeSchema([inputOf("library", library, ["demo.v1.Library", "demo.v1.Lost"])]);
  assert.deepEqual(placesOf(schema), [["demo.v1.Library", ["library"]]]);
  assert.deepEqual(problemsOf(schema), [
    "source of library: offers demo.v1.Lost, of which there is no usable descriptor",
  ]);
});

test("reflection and health of a backend are not offered", () => {
  const files = compileFiles({
    "grpc/health/v1/health.proto": `syntax = "proto3"; package grpc.health.v1; message M {} service Health { rpc Check(M) returns (M); }`,
  });
  assert.deepEqual(mergeSchema([inputOf("library", files)]).services, []);
});

test("a backend's version of a well-known file does not replace ours", () => {
  const evil = compileFiles({
    "google/protobuf/timestamp.proto": `syntax = "proto3"; package google.protobuf; message Timestamp { string seconds = 1; string x = 2; string y = 3; }`,
  });
  const schema = mergeSchema([inputOf("evil", evil), inputOf("library", library)]);
  assert.deepEqual(problemsOf(schema), []);
  assert.equal(schema.registry.getMessage("google.protobuf.Timestamp")?.fields.length, 2);
});

test("of other google/api files that differ the larger version serves, silently", () => {
  const version = (fields: string): SchemaFile[] =>
    compileFiles({
      "google/api/quota.proto": `syntax = "proto3"; package google.api; message Quota { ${fields} }`,
    });
  const schema = mergeSchema([
    inputOf("old", [...version("string a = 1;"), ...compileFiles({ "a.proto": serviceProto("a", "A") })]),
    inputOf("new", [
      ...version("string a = 1; string b = 2;"),
      ...compileFiles({ "b.proto": serviceProto("b", "B") }),
    ]),
  ]);
  assert.deepEqual(problemsOf(schema), []);
  assert.equal(schema.registry.getMessage("google.api.Quota")?.fields.length, 2);
});

test("the digest depends on content and placement, not on the order of files", () => {
  const digest = mergeSchema([inputOf("one", library)]).digest;
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(mergeSchema([inputOf("one", library.toReversed())]).digest, digest);
  assert.notEqual(mergeSchema([inputOf("two", library)]).digest, digest);
  const changed = library.map((file) =>
    changeFile(file, (proto) => {
      if (proto.name === "demo/library.proto") proto.messageType[0]?.field.pop();
    }),
  );
  assert.notEqual(mergeSchema([inputOf("one", changed)]).digest, digest);
});

test("nothing merges to an empty schema", () => {
  const schema = mergeSchema([]);
  assert.deepEqual([schema.files, schema.services, schema.problems], [[], [], []]);
});
