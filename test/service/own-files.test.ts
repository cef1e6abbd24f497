// The gateway's own files beside a schema that has some of the same names: a client that loads all of them must be able to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import type { SchemaFile } from "../../src/schema/source.ts";
import { createOwnFiles, ownServiceNames } from "../../src/service/own-files.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { ask, filesOf, reflectionOf, schemaOf } from "./reflection-fixture.ts";

const health = readFileSync(join(import.meta.dirname, "../../protos/grpc/health/v1/health.proto"), "utf8");
const library =
  'syntax = "proto3"; package demo; message Book {} service Library { rpc Get(Book) returns (Book); }';

const rows: readonly [
  why: string,
  files: Readonly<Record<string, string>>,
  healthFiles: readonly string[],
][] = [
  ["a schema without them", { "library.proto": library }, ["grpc/health/v1/health.proto"]],
  [
    "a backend that ships the same file",
    { "library.proto": library, "grpc/health/v1/health.proto": health },
    ["grpc/health/v1/health.proto"],
  ],
  [
    "a backend that ships it under another name",
    { "library.proto": library, "health.proto": health },
    ["health.proto"],
  ],
  [
    "a backend with something else under the file's name",
    {
      "library.proto": library,
      "grpc/health/v1/health.proto": 'syntax = "proto3"; package mine; message Pulse {}',
    },
    ["protogate/grpc/health/v1/health.proto"],
  ],
  [
    "a backend that declares the messages only",
    {
      "library.proto": library,
      "parts.proto": `syntax = "proto3"; package grpc.health.v1;
        message HealthCheckRequest { string service = 1; }
        message HealthListRequest {}`,
    },
    ["grpc/health/v1/health.proto", "parts.proto"],
  ],
];

function link(files: readonly SchemaFile[]): ReturnType<typeof createFileRegistry> {
  const protos = new Map(
    files.map(({ name, bytes }) => [name, fromBinary(FileDescriptorProtoSchema, bytes)]),
  );
  const ordered = new Set<FileDescriptorProto>();
  const visit = (name: string): void => {
    const proto = protos.get(name);
    assert.ok(proto, `${name} is missing`);
    for (const dependency of proto.dependency) visit(dependency);
    ordered.add(proto);
  };
  for (const name of protos.keys()) visit(name);
  return createFileRegistry({ $typeName: FileDescriptorSetSchema.typeName, file: [...ordered] });
}

for (const [why, files, healthFiles] of rows) {
  test(`the own services are described beside ${why}, no name twice`, async () => {
    const schema = schemaOf(compileFiles(files));
    const own = createOwnFiles(schema.registry);
    const all = [...schema.files, ...[...own.names()].flatMap((name) => own.fileNamed(name) ?? [])];
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    const symbols = all.flatMap(({ bytes }) => {
      const { package: scope, service, messageType } = fromBinary(FileDescriptorProtoSchema, bytes);
      return [...service, ...messageType].map(({ name }) => `${scope}.${name}`);
    });
    assert.equal(new Set(symbols).size, symbols.length);
    const registry = link(all);
    for (const name of [...ownServiceNames, "demo.Library"]) assert.ok(registry.getService(name), name);

    const answer = filesOf(
      (await ask(reflectionOf(schema), { case: "fileContainingSymbol", value: "grpc.health.v1.Health" }))[0],
    );
    const sent = answer.map((bytes) => ({ name: fromBinary(FileDescriptorProtoSchema, bytes).name, bytes }));
    assert.deepEqual(
      sent.map(({ name }) => name),
      healthFiles,
    );
    assert.equal(link(sent).getService("grpc.health.v1.Health")?.methods.length, 3);
  });
}

test("a name of ours that is something else in the schema costs our file, not the answers", async () => {
  const schema = schemaOf(
    compileFiles({
      "odd.proto": `syntax = "proto3"; package grpc.health.v1; enum HealthCheckRequest { ODD = 0; }`,
      "library.proto": library,
    }),
  );
  const service = reflectionOf(schema);
  const [odd, own, other] = await ask(
    service,
    { case: "fileContainingSymbol", value: "grpc.health.v1.HealthCheckRequest" },
    { case: "fileContainingSymbol", value: "grpc.health.v1.Health" },
    { case: "fileContainingSymbol", value: "grpc.reflection.v1.ServerReflection" },
  );
  assert.equal(filesOf(odd).length, 1);
  assert.equal(own?.messageResponse.case, "errorResponse");
  assert.equal(filesOf(other).length, 1);
});

test("imports that fan out at every level are walked once each", async () => {
  const depth = 60;
  const files: Record<string, string> = {
    "parts.proto": `syntax = "proto3"; package grpc.health.v1;
      import "a0.proto"; import "b0.proto"; message HealthCheckRequest { string service = 1; }`,
    "library.proto": library,
  };
  for (let i = 0; i < depth; i++) {
    const next = i + 1 === depth ? "" : `import "a${i + 1}.proto"; import "b${i + 1}.proto";`;
    for (const side of ["a", "b"]) {
      files[`${side}${i}.proto`] =
        `syntax = "proto3"; package fan; ${next} message ${side.toUpperCase()}${i} {}`;
    }
  }
  const schema = schemaOf(compileFiles(files));
  const [response] = await ask(reflectionOf(schema), {
    case: "fileContainingSymbol",
    value: "grpc.health.v1.Health",
  });
  assert.equal(filesOf(response).length, 2 + 2 * depth);
});
