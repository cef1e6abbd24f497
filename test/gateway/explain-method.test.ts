// A request at a method's own path: which protocol takes it, and what the backend would receive.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Explanation } from "../../src/gateway/explanation.ts";
import { Header } from "../../src/rpc/header.ts";
import { notesFiles, openGateway, reading, ScriptedSource } from "./gateway-fixture.ts";

const more = `
  rpc Peek(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Watch(Note) returns (stream Note) { option idempotency_level = NO_SIDE_EFFECTS; }`;

async function explain(
  context: TestContext,
  httpMethod: string,
  target: string,
  contentType: string,
  body = "",
): Promise<Explanation> {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/notes/{id}", more)));
  const gateway = openGateway(context, { sources: [source] });
  await gateway.firstPass;
  const header = new Header(contentType === "" ? [] : ["content-type", contentType]);
  return gateway.explain({ httpMethod, target, header, body: Buffer.from(body) });
}

const takers: readonly (readonly [httpMethod: string, target: string, contentType: string, by: string])[] = [
  ["POST", "/t.Notes/Get", "application/json", "connect"],
  ["POST", "/t.Notes/Get", "application/proto", "connect"],
  ["POST", "/t.Notes/Watch", "application/connect+json", "connect"],
  ["GET", "/t.Notes/Peek?connect=v1&encoding=json&message=%7B%7D", "", "connect"],
  ["POST", "/t.Notes/Get", "application/grpc", "grpc"],
  ["POST", "/t.Notes/Watch", "application/grpc+json", "grpc"],
  ["POST", "/t.Notes/Get", "application/grpc-web-text", "grpc-web"],
];
for (const [httpMethod, target, contentType, by] of takers) {
  test(`${httpMethod} ${target} as ${contentType || "nothing"} is taken by ${by}`, async (t) => {
    const { outcome, summary, backend, error, trials } = await explain(t, httpMethod, target, contentType);
    const [path = ""] = target.split("?");
    assert.equal(outcome, "method");
    assert.equal(summary, `${httpMethod} ${path} → ${path.slice(1)}, by ${by}`);
    assert.deepEqual(backend?.upstreams, ["up"]);
    assert.equal(backend?.messageType, "t.Note");
    assert.equal(error, null);
    assert.deepEqual(trials, []);
  });
}

test("the JSON of a unary Connect call is told as the message it becomes", async (t) => {
  const { backend } = await explain(t, "POST", "/t.Notes/Get", "application/json", '{"id":"a","size":"9"}');
  assert.deepEqual(JSON.parse(backend?.json ?? ""), { id: "a", size: "9" });
  assert.equal(backend?.messageBytes, 5);
});

test("the message of a GET is the one in its query", async (t) => {
  const query = `connect=v1&encoding=json&message=${encodeURIComponent('{"id":"a"}')}`;
  const { backend, success } = await explain(t, "GET", `/t.Notes/Peek?${query}`, "");
  assert.deepEqual(JSON.parse(backend?.json ?? ""), { id: "a" });
  assert.equal(success?.contentType, "application/json");
  const broken = await explain(t, "GET", "/t.Notes/Peek?connect=v1", "");
  assert.match(broken.error?.message ?? "", /^query parameter encoding is missing/);
});

test("JSON that is no such message is told with its place", async (t) => {
  const { backend, error } = await explain(t, "POST", "/t.Notes/Get", "application/json", '{"id":7}');
  assert.equal(backend, null);
  assert.equal(error?.httpStatus, 400);
  assert.match(error?.message ?? "", /^id: expected string, got 7/);
});

test("what HTTP method a path takes is told", async (t) => {
  const get = await explain(t, "GET", "/t.Notes/Get", "");
  assert.deepEqual([get.error?.httpStatus, get.allow], [405, ["POST"]]);
  const stream = await explain(t, "GET", "/t.Notes/Watch", "");
  assert.deepEqual([stream.error?.httpStatus, stream.allow], [405, ["POST"]]);
  const put = await explain(t, "PUT", "/t.Notes/Peek", "");
  assert.deepEqual([put.error?.httpStatus, put.allow], [405, ["GET", "HEAD", "POST"]]);
});

test("the gateway's own services are methods too", async (t) => {
  const { backend } = await explain(t, "POST", "/grpc.health.v1.Health/Check", "application/json", "{}");
  assert.deepEqual(backend?.upstreams, ["gateway"]);
});
