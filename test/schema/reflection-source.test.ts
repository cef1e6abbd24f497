import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { ServerReflectionRequestSchema } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import { resolveHttpRules } from "../../src/schema/http-rules.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { createReflectionSource, type ReflectionSourceOptions } from "../../src/schema/reflection-source.ts";
import type { SourceEvent } from "../../src/schema/source.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import {
  type Backend,
  errorResponse,
  filesResponse,
  type ReflectionStream,
  respond,
  serveFiles,
  servicesResponse,
  startBackend,
  startServer,
} from "./reflection-backend.ts";
import { changeFile, compileFiles, inputOf, libraryProto } from "./schema-inputs.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

const library = compileFiles({ "demo/library.proto": libraryProto });
const backends: Backend[] = [];
after(() => Promise.all(backends.map((backend) => backend.close())));

async function start(...args: Parameters<typeof startBackend>): Promise<Backend> {
  const backend = await startBackend(...args);
  backends.push(backend);
  return backend;
}

type Changes = Partial<ReflectionSourceOptions>;
const sourceOf = (backend: Pick<Backend, "invoke">, changes: Changes = {}) =>
  createReflectionSource({
    name: "reflection of library",
    upstream: "library",
    place: "upstream library (127.0.0.1:50051)",
    invoke: backend.invoke,
    ...changes,
  });

/** The first event of a source. */
async function readOnce(backend: Backend, changes: Changes = {}): Promise<SourceEvent> {
  const abort = new AbortController();
  for await (const event of sourceOf(backend, changes).watch(abort.signal)) {
    abort.abort();
    return event;
  }
  throw new Error("no event");
}

async function readWell(backend: Backend, changes: Changes = {}) {
  const event = await readOnce(backend, changes);
  assert.equal(event.kind, "reading", JSON.stringify(event));
  return event.kind === "reading" ? event.reading : assert.fail();
}

async function readBadly(backend: Backend, changes: Changes = {}): Promise<string> {
  const event = await readOnce(backend, changes);
  assert.equal(event.kind, "failure");
  return event.kind === "failure" ? event.problems.map((it) => `${it.place}: ${it.message}`).join("\n") : "";
}

const question = (bytes: Buffer) => fromBinary(ServerReflectionRequestSchema, bytes).messageRequest;
/** Answers the list of services as usual and everything else by `answer`. */
const after1st =
  (answer: (stream: ReflectionStream, value: string) => void, ...services: string[]) =>
  (stream: ReflectionStream): void => {
    stream.on("data", (bytes: Buffer) => {
      const asked = question(bytes);
      if (asked.case === "listServices") respond(stream, servicesResponse(...services));
      else answer(stream, String(asked.value));
    });
    stream.on("end", () => stream.end());
  };

test("files are read over one stream, byte for byte, imports by name, reflection itself left out", async () => {
  const backend = await start(
    ["v1"],
    serveFiles(() => library),
  );
  const reading = await readWell(backend);
  assert.deepEqual(reading.services, ["demo.v1.Library"]);
  assert.deepEqual(reading.problems, []);
  assert.deepEqual(
    reading.files.map(({ name }) => name),
    ["demo/library.proto"],
  );
  assert.deepEqual(
    Buffer.from(reading.files[0]?.bytes ?? []),
    Buffer.from(library.find(({ name }) => name === "demo/library.proto")?.bytes ?? []),
  );
  assert.deepEqual(backend.streams, { opened: 1, ended: 1 });
});

test("imports that are not well known are asked for by file name, those of imports too", async () => {
  const files = compileFiles({
    "a.proto": `syntax = "proto3"; package x; message A {}`,
    "b.proto": `syntax = "proto3"; package x; import "a.proto"; message B { A a = 1; }`,
    "c.proto": `syntax = "proto3"; package x; import "b.proto"; service C { rpc Get(B) returns (B); }`,
  });
  const backend = await start(
    ["v1"],
    serveFiles(() => files),
  );
  const reading = await readWell(backend);
  assert.deepEqual(
    reading.files.map(({ name }) => name),
    ["c.proto", "b.proto", "a.proto"],
  );
  assert.deepEqual(mergeSchema([{ source: "s", upstreams: ["u"], reading }]).problems, []);
});

test("a backend that has only v1alpha is read by v1alpha", async () => {
  const backend = await start(
    ["v1alpha"],
    serveFiles(() => library),
  );
  assert.deepEqual((await readWell(backend)).services, ["demo.v1.Library"]);
});

test("which version worked is remembered, and v1 is tried again when a read is asked for", async () => {
  const backend = await start(
    ["v1alpha"],
    serveFiles(() => library),
  );
  const asked: string[] = [];
  const source = sourceOf(backend, {
    intervalMs: 1,
    invoke: (call) => {
      asked.push(call.method.service.split(".")[2] ?? "");
      return backend.invoke(call);
    },
  });
  const abort = new AbortController();
  let events = 0;
  for await (const _ of source.watch(abort.signal)) {
    events++;
    if (events === 2) source.refresh();
    if (events === 3) abort.abort();
  }
  assert.deepEqual(asked, ["v1", "v1alpha", "v1alpha", "v1", "v1alpha"]);
});

test("a backend without reflection is told what to do", async () => {
  const backend = await start([], () => {});
  assert.equal(
    await readBadly(backend),
    "upstream library (127.0.0.1:50051): the backend does not offer server reflection: enable it, or give --descriptor-set / --proto",
  );
});

test("a backend that is not there is a failure of its place, and it is read soon after it comes up", async () => {
  const { port, close } = await startBackend([], () => {});
  await close();
  const transport = createGrpcJsTransport({ target: { host: "127.0.0.1", port, tls: false } });
  const source = sourceOf({ invoke: transport.invoke });
  const abort = new AbortController();
  const kinds: string[] = [];
  for await (const event of source.watch(abort.signal)) {
    kinds.push(event.kind);
    if (event.kind === "reading") break;
    assert.match(event.problems[0]?.message ?? "", /^cannot be read \(UNAVAILABLE/);
    assert.equal(event.problems[0]?.place, "upstream library (127.0.0.1:50051)");
    if (kinds.length === 1)
      await start(
        ["v1"],
        serveFiles(() => library),
        port,
      );
  }
  assert.equal(kinds.at(-1), "reading");
  await transport.close();
});

test("a backend of proto-loader and @grpc/reflection merges to a working schema, and an overlay brings its options", async () => {
  const { folder, cleanUp } = createTemporaryFolder({ "demo/library.proto": libraryProto });
  const paths = [folder, "protos", "node_modules/protoc/include"];
  const definition = loadSync("demo/library.proto", { includeDirs: paths, keepCase: true });
  cleanUp();
  const backend = await startServer({ opened: 0, ended: 0 }, (server) =>
    new ReflectionService(definition).addToServer(server),
  );
  backends.push(backend);
  const reading = await readWell(backend);
  const alone = mergeSchema([{ source: "s", upstreams: ["u"], reading }]);
  assert.deepEqual(alone.problems, []);
  assert.equal(alone.services[0]?.desc.typeName, "demo.v1.Library");
  const book = alone.registry.getMessage("demo.v1.Book");
  assert.deepEqual(
    book?.fields.map((field) => [field.jsonName, field.fieldKind, field.message?.typeName]),
    [
      ["theName", "scalar", undefined],
      ["at", "message", "google.protobuf.Timestamp"],
      ["shelves", "map", "demo.v1.Shelf"],
      ["pages", "scalar", undefined],
    ],
  );
  assert.equal(book?.fields[1]?.message?.file.proto.name, "google/protobuf/timestamp.proto");
  assert.deepEqual(
    alone.registry.getFile("demo_v1.proto")?.proto.dependency,
    ["google/protobuf/timestamp.proto"],
    "imports that clients of our reflection need are added",
  );

  assert.deepEqual(resolveHttpRules(alone, []).rules, []);
  const both = mergeSchema([{ source: "s", upstreams: ["u"], reading }, inputOf("overlay", library)]);
  assert.deepEqual(both.problems, []);
  assert.deepEqual(
    both.services.map(({ upstreams }) => upstreams),
    [["u"]],
  );
  assert.equal(resolveHttpRules(both, []).rules[0]?.rule.pattern.value, "/v1/{name=books/*}");
});

test("a service without a descriptor is a problem, and the rest is read", async () => {
  const backend = await start(
    ["v1"],
    serveFiles(() => library, ["demo.v1.Gone", "demo.v1.Library"]),
  );
  const reading = await readWell(backend);
  assert.deepEqual(reading.problems, [
    {
      place: "upstream library (127.0.0.1:50051)",
      message: "has no descriptor of demo.v1.Gone: NOT_FOUND: not found: demo.v1.Gone",
    },
  ]);
  assert.equal(reading.files.length, 1);
});

test("an import that the backend does not have is passed over", async () => {
  const files = library.map((file) =>
    changeFile(file, (proto) => proto.dependency.push("validate/validate.proto")),
  );
  const backend = await start(
    ["v1"],
    serveFiles(() => files),
  );
  assert.deepEqual((await readWell(backend)).problems, []);
});

test("bytes that are no file are a problem of that service", async () => {
  const backend = await start(
    ["v1"],
    after1st((stream) => respond(stream, filesResponse(Buffer.from("junk"))), "a.A"),
  );
  const reading = await readWell(backend);
  assert.deepEqual(reading.files, []);
  assert.match(reading.problems?.[0]?.message ?? "", /sent for a\.A what is no file/);
});

test("an answer to another question is a problem of that service", async () => {
  const backend = await start(
    ["v1"],
    after1st((stream) => respond(stream, servicesResponse("x")), "a.A"),
  );
  assert.match((await readWell(backend)).problems?.[0]?.message ?? "", /answer to another question/);
});

test("an answer that is no protobuf is a failure", async () => {
  const backend = await start(["v1"], (stream) => {
    stream.on("data", () => stream.write(Buffer.from([0x22, 0xff, 0xff, 0xff, 0xff, 0x0f])));
    stream.on("end", () => stream.end());
  });
  assert.match(await readBadly(backend), /no ServerReflectionResponse/);
});

test("a refused list of services is a failure", async () => {
  const backend = await start(["v1"], (stream) => {
    stream.on("data", () => respond(stream, errorResponse(Code.PERMISSION_DENIED, "no")));
    stream.on("end", () => stream.end());
  });
  assert.match(await readBadly(backend), /refuses server reflection \(PERMISSION_DENIED: no\)/);
});

test("a stream that ends before the answer is a failure", async () => {
  const backend = await start(["v1"], (stream) => void stream.end());
  assert.match(await readBadly(backend), /ended the reflection stream without an answer/);
});

test("a stream that breaks in the middle is a failure, and nothing half-read is used", async () => {
  const backend = await start(
    ["v1"],
    after1st((stream) => stream.emit("error", { code: Code.INTERNAL, details: "boom" }), "a.A"),
  );
  assert.match(await readBadly(backend), /server reflection failed \(INTERNAL: boom\)/);
});

test("a backend that never answers is a failure at the deadline, and its stream is cancelled", async () => {
  let cancelled = (): void => {};
  const gone = new Promise<void>((resolve) => (cancelled = resolve));
  const backend = await start(["v1"], (stream) => void stream.on("cancelled", cancelled));
  assert.match(
    await readBadly(backend, { timeoutMs: 100 }),
    /did not answer server reflection within 100 ms/,
  );
  await gone;
});

test("a backend that answers and never ends its stream is cancelled after the read", async () => {
  const backend = await start(["v1"], (stream) => {
    stream.on("data", () => respond(stream, servicesResponse()));
  });
  assert.deepEqual((await readWell(backend)).services, []);
});

test("a handler that never settles does not hold a read beyond its time", async () => {
  const backend = await start([], () => {});
  assert.match(
    await readBadly(backend, { timeoutMs: 50, invoke: () => new Promise(() => {}) }),
    /within 50 ms/,
  );
});

test("files without end are cut off at the limit, and what was read serves", async () => {
  const [seed] = compileFiles({
    "f0.proto": `syntax = "proto3"; package a; message M {} service A { rpc Get(M) returns (M); }`,
  });
  assert.ok(seed);
  let count = 0;
  const backend = await start(
    ["v1"],
    after1st((stream) => {
      const file = changeFile(seed, (proto) => {
        proto.name = `f${count++}.proto`;
        proto.dependency = [`f${count}.proto`];
      });
      respond(stream, filesResponse(file.bytes));
    }, "a.A"),
  );
  const limits = { files: 50, bytes: 1e6, fileBytes: 1e6, objects: 1e6, fileObjects: 1e6 };
  const reading = await readWell(backend, { limits });
  assert.equal(reading.files.length, 50);
  assert.match(reading.problems?.[0]?.message ?? "", /sends more than 50 files/);
});

test("an answer of a hundred thousand empty services costs no read of each", async () => {
  const backend = await start(["v1"], (stream) => {
    const list = Buffer.alloc(200_000, Buffer.from([0x0a, 0x00]));
    stream.on("data", () => stream.write(Buffer.concat([Buffer.from([0x32, 0xc0, 0x9a, 0x0c]), list])));
    stream.on("end", () => stream.end());
  });
  assert.deepEqual((await readWell(backend)).services, []);
});

test("the header is sent along", async () => {
  let token: unknown;
  const backend = await start(["v1"], (stream) => {
    token = stream.metadata.get("authorization")[0];
    serveFiles(() => library)(stream);
  });
  await readWell(backend, { header: Header.of([["authorization", "Bearer x"]]) });
  assert.equal(token, "Bearer x");
});

test("content that has not changed is yielded as the same object", async () => {
  const backend = await start(
    ["v1"],
    serveFiles(() => library),
  );
  const source = sourceOf(backend, { intervalMs: 1 });
  const abort = new AbortController();
  const readings: unknown[] = [];
  for await (const event of source.watch(abort.signal)) {
    readings.push(event.kind === "reading" && event.reading);
    if (readings.length === 2) abort.abort();
  }
  assert.equal(readings[0], readings[1]);
});

test("a watch ends when its signal fires during a read", async () => {
  const abort = new AbortController();
  const backend = await start(["v1"], () => abort.abort());
  for await (const _ of sourceOf(backend).watch(abort.signal)) assert.fail("no event is due");
});
