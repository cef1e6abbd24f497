import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { type TestContext, test } from "node:test";
import { createDescriptorSetSource } from "../../src/schema/descriptor-set-source.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { createProtoSource } from "../../src/schema/proto-source.ts";
import { findProtoc } from "../../src/schema/protoc-binary.ts";
import { parseProtocErrors } from "../../src/schema/run-protoc.ts";
import type { SchemaReading, SchemaSource, SourceEvent } from "../../src/schema/source.ts";
import { compileProto } from "../support/compile-proto.ts";
import { libraryProto } from "./schema-inputs.ts";
import { createTemporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";

const protoOf = (name: string): string =>
  `syntax = "proto3"; package demo; message M { string id = 1; } service ${name} { rpc Get(M) returns (M); }`;
const setOf = (name: string): Uint8Array => compileProto({ "demo.proto": protoOf(name) }).set;

function folderFor(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): TemporaryFolder {
  const folder = createTemporaryFolder(files);
  t.after(folder.cleanUp);
  return folder;
}

async function firstEvent(source: SchemaSource): Promise<SourceEvent> {
  for await (const event of source.watch(new AbortController().signal)) return event;
  return assert.fail("no event");
}

async function firstReading(source: SchemaSource): Promise<SchemaReading> {
  const event = await firstEvent(source);
  return event.kind === "reading" ? event.reading : assert.fail(event.problems.map(formatProblem).join("\n"));
}

async function firstProblems(source: SchemaSource): Promise<string[]> {
  const event = await firstEvent(source);
  return event.kind === "failure" ? event.problems.map(formatProblem) : assert.fail("it was read");
}

/** Events until one mentions the text; makes the changes one after the other, each after an event. */
async function changesSeen(
  source: SchemaSource,
  changes: readonly (() => void)[],
  text: string,
): Promise<number> {
  let count = 0;
  for await (const event of source.watch(new AbortController().signal)) {
    if (
      event.kind === "reading" &&
      event.reading.files.some(({ bytes }) => Buffer.from(bytes).includes(text))
    )
      break;
    changes[count++]?.();
  }
  return count;
}

test("a descriptor set is read with its bytes, and services are whatever is in it", async (t) => {
  const { folder } = folderFor(t, { "api.binpb": compileProto({ "demo/library.proto": libraryProto }).set });
  const source = createDescriptorSetSource({ files: [join(folder, "api.binpb")], upstreams: ["library"] });
  assert.equal(source.name, `descriptor set ${join(folder, "api.binpb")}`);
  const schema = mergeSchema([
    { source: source.name, upstreams: source.upstreams, reading: await firstReading(source) },
  ]);
  assert.deepEqual(schema.problems, []);
  assert.deepEqual(
    schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams]),
    [["demo.v1.Library", ["library"]]],
  );
});

const unreadable: [reason: string, content: string | Uint8Array | undefined, message: RegExp][] = [
  ["that is not there", undefined, /there is no such file/],
  ["that is empty", "", /it is empty/],
  ["that is text", "hello, I am no descriptor set", /cannot be read as a descriptor set/],
  ["that is cut off", setOf("Cut").subarray(0, 40), /cannot be read as a descriptor set/],
  ["without any file", new Uint8Array([0x10, 0x01]), /is it a FileDescriptorSet\?/],
];
for (const [reason, content, message] of unreadable) {
  test(`a descriptor set ${reason} is a failure with its path`, async (t) => {
    const { folder, write } = folderFor(t, {});
    if (content !== undefined) write("api.binpb", content);
    const path = join(folder, "api.binpb");
    const [problem] = await firstProblems(createDescriptorSetSource({ files: [path], upstreams: [] }));
    assert.ok(problem?.startsWith(`${path}: `), `${problem}`);
    assert.match(problem ?? "", message);
  });
}

test("a directory is no descriptor set", async (t) => {
  const { folder } = folderFor(t, {});
  assert.match(
    (await firstProblems(createDescriptorSetSource({ files: [folder], upstreams: [] })))[0] ?? "",
    /it is a directory/,
  );
});

test("a descriptor set that is written again is read again", async (t) => {
  const { folder, write } = folderFor(t, { "api.binpb": setOf("First") });
  const source = createDescriptorSetSource({ files: [join(folder, "api.binpb")], upstreams: [] });
  assert.equal(await changesSeen(source, [() => write("api.binpb", setOf("Second"))], "Second"), 1);
});

test("a file that is moved over the descriptor set is read", async (t) => {
  const { folder, write } = folderFor(t, { "api.binpb": setOf("First") });
  const source = createDescriptorSetSource({ files: [join(folder, "api.binpb")], upstreams: [] });
  const replace = (): void => renameSync(write("new.binpb", setOf("Second")), join(folder, "api.binpb"));
  assert.equal(await changesSeen(source, [replace], "Second"), 1);
});

test("a symlink that is swapped as Kubernetes does it is followed", async (t) => {
  const { folder, write } = folderFor(t, { "v1/api.binpb": setOf("First") });
  symlinkSync("v1", join(folder, "..data"));
  symlinkSync("..data/api.binpb", join(folder, "api.binpb"));
  const source = createDescriptorSetSource({ files: [join(folder, "api.binpb")], upstreams: [] });
  const swap = (): void => {
    write("v2/api.binpb", setOf("Second"));
    symlinkSync("v2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  assert.equal(await changesSeen(source, [swap], "Second"), 1);
});

test("a descriptor set that appears after the start is read", async (t) => {
  const { folder, write } = folderFor(t, {});
  const source = createDescriptorSetSource({ files: [join(folder, "api.binpb")], upstreams: [] });
  await changesSeen(source, [() => write("api.binpb", setOf("Late"))], "Late");
});

test("a .proto file compiles with google.api annotations and well-known types that nobody vendored", async (t) => {
  const { folder } = folderFor(t, { "demo/library.proto": libraryProto });
  const source = createProtoSource({
    files: [join(folder, "demo/library.proto")],
    protoPaths: [folder],
    upstreams: ["library"],
  });
  const reading = await firstReading(source);
  assert.deepEqual(reading.services, ["demo.v1.Library"]);
  const schema = mergeSchema([{ source: source.name, upstreams: source.upstreams, reading }]);
  assert.deepEqual(schema.problems, []);
  assert.ok(schema.registry.getFile("demo/library.proto"));
});

test("a .proto file may be given as it is imported, and services of imports are not offered", async (t) => {
  const { folder } = folderFor(t, {
    "a/main.proto": `syntax = "proto3"; package m; import "b/other.proto"; service Main { rpc Get(demo.M) returns (demo.M); }`,
    "b/other.proto": protoOf("Other"),
  });
  const reading = await firstReading(
    createProtoSource({ files: ["a/main.proto"], protoPaths: [folder], upstreams: [] }),
  );
  assert.deepEqual(reading.services, ["m.Main"]);
  assert.deepEqual(
    reading.files.map(({ name }) => name),
    ["b/other.proto", "a/main.proto"],
  );
});

test("each error of protoc is a problem with file, line and column, the path as it was given", async (t) => {
  const { folder } = folderFor(t, {
    "bad.proto": `syntax = "proto3";\nmessage A {\n  strin x = 1;\n  int3 y = 2;\n}\n`,
  });
  const given = relative(process.cwd(), join(folder, "bad.proto"));
  const problems = await firstProblems(createProtoSource({ files: [given], upstreams: [] }));
  assert.deepEqual(problems, [
    `${given}:3:3: "strin" is not defined.`,
    `${given}:4:3: "int3" is not defined.`,
  ]);
});

test("an import that is nowhere says which flag is missing", async (t) => {
  const { folder } = folderFor(t, { "a.proto": `syntax = "proto3";\nimport "gone/b.proto";\n` });
  const problems = await firstProblems(
    createProtoSource({ files: [join(folder, "a.proto")], upstreams: [] }),
  );
  assert.ok(
    problems.some((it) => /gone\/b\.proto.*--proto-path/.test(it)),
    problems.join("\n"),
  );
});

test("a .proto file that is not there is a failure", async (t) => {
  const { folder } = folderFor(t, {});
  const path = join(folder, "gone.proto");
  assert.deepEqual(await firstProblems(createProtoSource({ files: [path], upstreams: [] })), [
    `${path}: there is no such file`,
  ]);
});

test("a file name that protoc would take for a flag is refused", async (t) => {
  const { folder } = folderFor(t, { "--evil.proto": protoOf("Evil") });
  const [problem] = await firstProblems(
    createProtoSource({ files: [join(folder, "--evil.proto")], upstreams: [] }),
  );
  assert.match(problem ?? "", /must not begin with - or @/);
});

test("an imported file that changes compiles again, also after it was broken", async (t) => {
  const other = (field: string): string =>
    `syntax = "proto3"; package o; message Other { string ${field} = 1; }`;
  const { folder, write } = folderFor(t, {
    "main.proto": `syntax = "proto3"; import "deep/other.proto"; message Main { o.Other other = 1; }`,
    "deep/other.proto": other("before"),
  });
  const source = createProtoSource({ files: [join(folder, "main.proto")], upstreams: [] });
  const changes = [
    () => write("deep/other.proto", "junk"),
    () => write("deep/other.proto", other("changed_since")),
  ];
  await changesSeen(source, changes, "changed_since");
});

test("protoc that takes too long is stopped", async (t) => {
  const { folder } = folderFor(t, {});
  // A pipe that nobody writes to: protoc waits for its first byte.
  execFileSync("mkfifo", [join(folder, "demo.proto")]);
  const source = createProtoSource({ files: [join(folder, "demo.proto")], upstreams: [], timeoutMs: 200 });
  assert.match((await firstProblems(source))[0] ?? "", /^protoc: compiling failed: was stopped after 200 ms/);
});

test("a folder that vanishes under the watch is survived", async (t) => {
  const { folder, write } = folderFor(t, { "in/api.binpb": setOf("First") });
  const source = createDescriptorSetSource({
    files: [join(folder, "in/api.binpb")],
    upstreams: [],
    intervalMs: 50,
  });
  const vanish = (): void => rmSync(join(folder, "in"), { recursive: true });
  const comeBack = (): void => {
    mkdirSync(join(folder, "in"));
    write("in/api.binpb", setOf("Second"));
  };
  await changesSeen(source, [vanish, comeBack], "Second");
});

test("protoc is found for the platforms that Node runs on", () => {
  for (const [platform, arch] of [
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "x64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
    ["win32", "arm64"],
  ] as const) {
    assert.match(findProtoc(platform, arch).binary, /protoc-/);
  }
  assert.throws(() => findProtoc("aix", "ppc64"), /--descriptor-set/);
});

test("a drive letter belongs to the file, warnings do not count beside errors", () => {
  const text = 'C:\\a\\b.proto:3:1: warning: Import x is unused.\r\nC:\\a\\b.proto:4:2: Expected ";".\r\n';
  assert.deepEqual(parseProtocErrors(text), [{ place: "C:\\a\\b.proto:4:2", message: 'Expected ";".' }]);
});
