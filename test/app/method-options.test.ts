// Flow control that the owners of a method wrote into their .proto, learned by reflection from a running backend: what it
// does to calls. The backend fails as often, and answers as much, as it is asked to.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { Code } from "../../src/rpc/code.ts";
import { eventually } from "../matrix/eventually.ts";
import { serveFiles, startBackend } from "../schema/reflection-backend.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { type OpenApp, openApp } from "./open-app.ts";

const files = compileFiles({
  "owned.proto": `syntax = "proto3"; package owned.v1;
import "google/api/annotations.proto";
import "google/protobuf/wrappers.proto";
import "protogate/v1/options.proto";
message Text { string text = 1; }
service Owned {
  rpc Small(Text) returns (Text) {
    option (google.api.http) = { post: "/v1/small" body: "*" };
    option (protogate.v1.method) = { max_reply_bytes: 102 };
  }
  rpc FewReplies(stream Text) returns (stream Text) {
    option (google.api.http) = { post: "/v1/fewReplies" body: "*" };
    option (protogate.v1.method) = { stream { replies { max_messages: 2 } } };
  }
  rpc FewRequests(stream Text) returns (stream Text) {
    option (google.api.http) = { post: "/v1/fewRequests" body: "*" };
    option (protogate.v1.method) = { stream { requests { max_messages: 2 } } };
  }
  rpc FewBytes(stream Text) returns (stream Text) {
    option (google.api.http) = { post: "/v1/fewBytes" body: "*" };
    option (protogate.v1.method) = { stream { replies { max_total_bytes: 6 } } };
  }
  rpc Retried(Text) returns (Text) {
    option (google.api.http) = { post: "/v1/retried" body: "*" };
    option (protogate.v1.method) = { retry { max_attempts: 3 initial_backoff { nanos: 1000000 } } };
  }
  rpc Broken(Text) returns (Text) {
    option (google.api.http) = { post: "/v1/broken" body: "*" };
    option (protogate.v1.method) = { circuit_breaker { min_calls: 4 open { seconds: 3600 } } };
  }
  rpc Mended(Text) returns (Text) {
    option (google.api.http) = { post: "/v1/mended" body: "*" };
    option (protogate.v1.method) = { circuit_breaker { min_calls: 4 open { nanos: 200000000 } } };
  }
}`,
});

interface OwnedApp extends OpenApp {
  /** Calls of the backend so far, by method. */
  readonly calls: ReadonlyMap<string, number>;
  /** The next so many unary calls fail with UNAVAILABLE. */
  failures: number;
  /** The code of a call, 0 for OK. */
  code(method: string, text?: string): Promise<number>;
}

async function open(t: TestContext): Promise<OwnedApp> {
  const calls = new Map<string, number>();
  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);
  const unary = (name: string) => (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
    count(name);
    if (owned.failures > 0) {
      owned.failures--;
      reply({ code: status.UNAVAILABLE, details: "flaky" });
    } else reply(null, call.request);
  };
  const echo = (call: ServerDuplexStream<Buffer, Buffer>): void => {
    call.on("data", (bytes: Buffer) => call.write(bytes));
    call.on("end", () => call.end()).on("error", () => {});
  };
  const unaries = ["Small", "Retried", "Broken", "Mended"];
  const streams = ["FewReplies", "FewRequests", "FewBytes"];
  const backend = await startBackend(
    ["v1"],
    serveFiles(() => files),
    0,
    (server) =>
      server.addService(definitionOf(unaries, streams), {
        ...Object.fromEntries(unaries.map((name) => [name, unary(name)])),
        ...Object.fromEntries(streams.map((name) => [name, echo])),
      }),
  );
  const app = await openApp(t, { upstreams: [`owned=127.0.0.1:${backend.port}`], drain: { grace: "1s" } });
  t.after(() => backend.close());
  const owned: OwnedApp = {
    ...app,
    calls,
    failures: 0,
    async code(method, text = "") {
      const { status: http, json } = await app.call(`/owned.v1.Owned/${method}`, { body: { text } });
      return http === 200
        ? 0
        : (Code[(json as { code: string }).code.toUpperCase() as keyof typeof Code] ?? -1);
    },
  };
  return owned;
}

function definitionOf(unaries: readonly string[], streams: readonly string[]): ServiceDefinition {
  const asIs = (bytes: Buffer): Buffer => bytes;
  const method = (name: string) => ({
    path: `/owned.v1.Owned/${name}`,
    requestStream: streams.includes(name),
    responseStream: streams.includes(name),
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  });
  return Object.fromEntries([...unaries, ...streams].map((name) => [name, method(name)]));
}

test("a reply larger than its method may have is refused, one of just that size is not", async (t) => {
  const app = await open(t);
  assert.equal(await app.code("Small", "x".repeat(100)), 0);
  assert.equal(await app.code("Small", "x".repeat(101)), Code.RESOURCE_EXHAUSTED);
});

/** An error that came before any message stands alone. */
interface Line {
  readonly text?: string;
  readonly code?: number;
  readonly error?: { readonly code: number };
}

for (const [path, why] of [
  ["/v1/fewReplies", "the third reply is one too many"],
  ["/v1/fewBytes", "the third reply has the seventh byte"],
  ["/v1/fewRequests", "the third request is one too many"],
] as const) {
  test(`a stream of a limited method ends with RESOURCE_EXHAUSTED: ${why}`, async (t) => {
    const app = await open(t);
    const call = async (texts: readonly string[]): Promise<Line[]> => {
      const ndjson = "application/x-ndjson";
      const reply = await app.call(path, {
        header: { "content-type": ndjson, accept: ndjson },
        body: texts.map((text) => `${JSON.stringify({ text })}\n`).join(""),
      });
      return reply.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    };
    assert.deepEqual(await call(["1", "2"]), [{ text: "1" }, { text: "2" }]);
    const lines = await call(["1", "2", "3", "4"]);
    const last = lines.at(-1);
    assert.equal((last?.error ?? last)?.code, Code.RESOURCE_EXHAUSTED);
    const replies = lines.slice(0, -1).map(({ text }) => text);
    // The end of the requests does not wait for replies that are on their way.
    const sure = path === "/v1/fewRequests" ? replies.length : 2;
    assert.deepEqual(replies, ["1", "2"].slice(0, sure));
  });
}

test("a call that the backend fails is tried again, as often as its owner says", async (t) => {
  const app = await open(t);
  app.failures = 2;
  assert.equal(await app.code("Retried"), 0);
  assert.equal(app.calls.get("Retried"), 3);
  app.failures = 3;
  assert.equal(await app.code("Retried"), Code.UNAVAILABLE);
  assert.equal(app.calls.get("Retried"), 6);
  app.failures = 1;
  assert.equal(await app.code("Small"), Code.UNAVAILABLE, "nobody says so of this one");
});

test("a backend that fails too often is left alone, and its other methods are not", async (t) => {
  const app = await open(t);
  app.failures = 4;
  for (let i = 0; i < 4; i++) assert.equal(await app.code("Broken"), Code.UNAVAILABLE);
  for (let i = 0; i < 4; i++) assert.equal(await app.code("Broken"), Code.UNAVAILABLE);
  assert.equal(app.calls.get("Broken"), 4);
  assert.equal(await app.code("Small"), 0);
});

test("a backend that was left alone is called again after a while, and that it answers closes the breaker", async (t) => {
  const app = await open(t);
  app.failures = 4;
  for (let i = 0; i < 4; i++) assert.equal(await app.code("Mended"), Code.UNAVAILABLE);
  await eventually(async () => assert.equal(await app.code("Mended"), 0));
  for (let i = 0; i < 4; i++) assert.equal(await app.code("Mended"), 0);
});
