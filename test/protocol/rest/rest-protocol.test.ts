import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import { json, requestOf, Source, textOf } from "./pieces.ts";
import {
  createEdge,
  decode,
  messageOf,
  messagesOf,
  note,
  noteDesc,
  streamReply,
  unaryReply,
} from "./rest-fixture.ts";

/** A backend that answers with the message it got. */
const echo: Handler = async (call) => unaryReply(messageOf(call));

function failing(reason: unknown): Handler {
  return () => Promise.reject(reason);
}

test("a request becomes a call of the route's method and its reply the answer", async () => {
  const response = await createEdge(echo).handle(
    requestOf("POST", "/notes/7", { header: [json], body: '{"text":"x"}' }),
  );
  assert.equal(response.httpStatus, 200);
  assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "x" });
});

test("it accepts every request and leaves a path that it does not have to others", async () => {
  const { protocol } = createEdge(echo);
  const request = requestOf("GET", "/elsewhere");
  assert.equal(protocol.accepts(request), true);
  assert.equal(await protocol.handle(request), undefined);
});

const wrongMethods: readonly [profile: ProfileName, httpStatus: number, code: number][] = [
  ["standard", 405, 12],
  ["grpc-gateway", 501, 12],
  ["google", 405, 405],
];
for (const [profile, httpStatus, code] of wrongMethods) {
  test(`a known path with another method is ${httpStatus} with Allow in the ${profile} profile`, async () => {
    const response = await createEdge(echo, { profile }).handle(requestOf("DELETE", "/notes/7"));
    assert.equal(response.httpStatus, httpStatus);
    assert.equal(response.header.get("allow"), "GET, HEAD, OPTIONS, POST");
    const body = JSON.parse(await textOf(response));
    const status = profile === "google" ? body.error : body;
    assert.equal(status.code, code);
    assert.match(status.message, /^DELETE is not allowed on this path, only GET, HEAD, OPTIONS, POST$/);
  });
}

test("OPTIONS is answered with Allow and nothing else", async () => {
  for (const profile of ["standard", "grpc-gateway"] as const) {
    const response = await createEdge(echo, { profile }).handle(requestOf("OPTIONS", "/files/7"));
    assert.equal(response.httpStatus, 204);
    assert.equal(response.header.get("allow"), "GET, HEAD, OPTIONS, PUT");
    assert.equal(response.body, undefined);
  }
});

test("a GET route answers HEAD as it answers GET; the listener leaves out the body", async () => {
  const response = await createEdge(echo).handle(requestOf("HEAD", "/notes/7"));
  assert.equal(response.httpStatus, 200);
  assert.equal(response.header.get("content-type"), "application/json");
  assert.equal(await textOf(response), '{"id":"7"}');
});

test("refusals of HTTP itself have their own status, and never reach the backend", async () => {
  let calls = 0;
  const edge = createEdge(async (call) => {
    calls++;
    return echo(call);
  });
  const post = (type: string, body: string) =>
    edge.handle(requestOf("POST", "/notes/7", { header: [["content-type", type]], body }));
  const unknown = await post("text/plain", "x");
  assert.equal(unknown.httpStatus, 415);
  assert.equal(JSON.parse(await textOf(unknown)).code, Code.INVALID_ARGUMENT);
  const large = await post("application/json", "x".repeat(1_001));
  assert.equal(large.httpStatus, 413);
  assert.equal(JSON.parse(await textOf(large)).code, Code.RESOURCE_EXHAUSTED);
  const broken = await post("application/json", "{");
  assert.equal(broken.httpStatus, 400);
  assert.equal(calls, 0);
  assert.deepEqual(edge.log, [], "what a client does wrong is no line in our log");
});

test("a backend's error is the answer, and no line in our log", async () => {
  const edge = createEdge(failing(new RpcError(Code.NOT_FOUND, "no such note")));
  const response = await edge.handle(requestOf("GET", "/notes/7"));
  assert.equal(response.httpStatus, 404);
  assert.deepEqual(JSON.parse(await textOf(response)), { code: 5, message: "no such note", details: [] });
  assert.deepEqual(edge.log, []);
});

test("the cause of an internal error is logged, never sent", async () => {
  const cause = new TypeError("secret");
  const edge = createEdge(failing(cause));
  const response = await edge.handle(requestOf("GET", "/notes/7"));
  assert.equal(response.httpStatus, 500);
  assert.doesNotMatch(await textOf(response), /secret/);
  assert.equal(edge.log.length, 1);
  assert.equal(edge.log[0]?.level, "error");
  assert.equal(edge.log[0]?.event, "call failed");
  assert.equal(edge.log[0]?.fields.cause, cause);
  assert.equal(edge.log[0]?.fields.rpc, "/t.Notes/Get");
  assert.equal(edge.log[0]?.fields.code, "INTERNAL");
});

test("the cause of another error is worth a line for debugging", async () => {
  const edge = createEdge(failing(new RpcError(Code.UNAVAILABLE, "refused", { cause: new Error("ECONN") })));
  await edge.handle(requestOf("GET", "/notes/7"));
  assert.deepEqual(
    edge.log.map(({ level }) => level),
    ["debug"],
  );
});

test("a client that went away is no line in our log", async () => {
  const gone = new RpcError(Code.CANCELLED, "the client went away", { cause: new Error("ECONNRESET") });
  const edge = createEdge(failing(gone));
  assert.equal((await edge.handle(requestOf("GET", "/notes/7"))).httpStatus, 499);
  const streaming = createEdge(async () => streamReply(new Source<Uint8Array>([], gone)));
  await textOf(await streaming.handle(requestOf("GET", "/notes/7:watch")));
  assert.deepEqual([...edge.log, ...streaming.log], []);
});

test("an internal error in the middle of a stream is logged with its cause", async () => {
  const cause = new TypeError("secret");
  const edge = createEdge(async () => streamReply(new Source([note({})], cause)));
  assert.doesNotMatch(await textOf(await edge.handle(requestOf("GET", "/notes/7:watch"))), /secret/);
  assert.deepEqual(
    edge.log.map(({ fields }) => fields.cause),
    [cause],
  );
});

const accepts: readonly [profile: ProfileName, accept: string | undefined, type: string, body: string][] = [
  ["standard", undefined, "application/json", '[{"id":"1"}]'],
  ["standard", "application/x-ndjson", "application/x-ndjson", '{"id":"1"}\n'],
  ["standard", "text/event-stream", "text/event-stream", 'id: 1\ndata: {"id":"1"}\n\n'],
  ["standard", "image/png", "application/json", '[{"id":"1"}]'],
  ["grpc-gateway", undefined, "application/json", '{"result":{"id":"1","text":"","size":"0"}}\n'],
];
for (const [profile, accept, type, body] of accepts) {
  test(`a stream for Accept ${accept} in the ${profile} profile is ${type}`, async () => {
    const edge = createEdge(async () => streamReply(new Source([note({ id: "1" })])), { profile });
    const header = accept === undefined ? [] : ([["accept", accept]] as const);
    const response = await edge.handle(requestOf("GET", "/notes/7:watch", { header }));
    assert.equal(response.header.get("content-type"), type);
    assert.equal(await textOf(response), body);
  });
}

test("a unary reply is JSON whatever Accept says", async () => {
  const request = requestOf("GET", "/notes/7", { header: [["accept", "text/event-stream"]] });
  assert.equal((await createEdge(echo).handle(request)).header.get("content-type"), "application/json");
});

test("a client stream goes to the backend message by message; a mistake in it is the client's", async () => {
  const counting: Handler = async (call) =>
    unaryReply(
      note({ text: (await messagesOf(call)).map((it) => JSON.stringify(decode(noteDesc, it))).join() }),
    );
  const post = (body: string) =>
    createEdge(counting).handle(requestOf("POST", "/folders/7:import", { header: [json], body }));
  assert.equal(
    JSON.parse(await textOf(await post('[{"text":"a"},{"text":"b"}]'))).text,
    '{"id":"7","text":"a"},{"text":"b"}',
  );
  const broken = await post('[{"text":"a"},{"text":1}]');
  assert.equal(broken.httpStatus, 400);
  assert.match(JSON.parse(await textOf(broken)).message, /^message 2 of the body: text: /);
});

test("the handler's signal and deadline are the request's", async () => {
  const abort = new AbortController();
  const edge = createEdge(async (call) => {
    assert.equal(call.signal, abort.signal);
    assert.ok(call.deadline !== undefined);
    return echo(call);
  });
  const header = [["grpc-timeout", "1S"]] as const;
  const response = await edge.handle(requestOf("GET", "/notes/7", { header, signal: abort.signal }));
  assert.equal(response.httpStatus, 200);
});
