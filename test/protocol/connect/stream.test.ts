// What raw HTTP gets of streams: envelopes, how each stream ends, and who is told when a client goes away.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { until } from "../../server/open-listener.ts";
import { envelope, splitEnvelopes } from "../envelopes.ts";
import { type MethodName, note, pathOf } from "../note-service.ts";
import { requestOf, Source } from "../rest/pieces.ts";
import { createEdge, noHeader, openEdge, openGateway } from "./connect-fixture.ts";
import { ask, echo, failing, limit, streamJson, streamProto } from "./raw-edge.ts";

interface StreamRow {
  readonly why: string;
  readonly name?: MethodName;
  readonly header?: Record<string, string>;
  readonly body: Buffer | string;
  /** Of the error at the end; undefined = it ends well. */
  readonly code?: string;
  readonly message?: RegExp;
  readonly messageCount?: number;
}

const streams: readonly StreamRow[] = [
  { why: "no messages are a stream too", name: "Bidi", body: "", messageCount: 0 },
  {
    why: "each message is answered",
    name: "Bidi",
    body: Buffer.concat([envelope("{}"), envelope("{}")]),
    messageCount: 2,
  },
  { why: "a client stream has one reply", name: "ClientStreaming", body: envelope("{}"), messageCount: 1 },
  { why: "a server stream has one request", body: envelope("{}"), messageCount: 1 },
  { why: "a server stream without a request", body: "", code: "unimplemented" },
  {
    why: "a server stream with two",
    body: Buffer.concat([envelope("{}"), envelope("{}")]),
    code: "unimplemented",
  },
  { why: "half an envelope", name: "Bidi", body: envelope("{}").subarray(0, 6), code: "invalid_argument" },
  { why: "half a prefix", name: "ClientStreaming", body: "\0\0", code: "invalid_argument" },
  { why: "a request has no end-of-stream", name: "Bidi", body: envelope("{}", 2), code: "invalid_argument" },
  { why: "unknown flags", name: "Bidi", body: envelope("{}", 4), code: "invalid_argument" },
  {
    why: "compressed, but nobody said with what",
    name: "Bidi",
    body: envelope(gzipSync("{}"), 1),
    code: "internal",
  },
  {
    why: "an unknown compression",
    name: "Bidi",
    header: { "connect-content-encoding": "x" },
    body: envelope("{}"),
    code: "unimplemented",
    message: /gzip,br,zstd,deflate/,
  },
  { why: "JSON that is none", name: "ClientStreaming", body: envelope("{"), code: "invalid_argument" },
  { why: "nothing is not JSON", body: envelope(""), code: "invalid_argument" },
  {
    why: "a message of more than the limit is refused before it is there",
    name: "ClientStreaming",
    body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
    code: "resource_exhausted",
  },
  {
    why: "a bomb",
    name: "ClientStreaming",
    header: { "connect-content-encoding": "gzip" },
    body: envelope(gzipSync(" ".repeat(1_000_000)), 1),
    code: "resource_exhausted",
  },
  {
    why: "another version",
    header: { "connect-protocol-version": "2" },
    body: envelope("{}"),
    code: "invalid_argument",
  },
  {
    why: "a bad timeout",
    header: { "connect-timeout-ms": "-1" },
    body: envelope("{}"),
    code: "invalid_argument",
  },
];
for (const { why, name = "ServerStreaming", header, body, code, message, messageCount = 0 } of streams) {
  test(`${why}: the stream ends ${code === undefined ? "well" : `with ${code}`}`, async (context) => {
    const port = await openEdge(context, echo, { maxRequestBytes: limit });
    const answer = await ask(port, { name, header: { ...streamJson, ...header }, body });
    assert.equal(answer.status, 200);
    assert.equal(answer.header["content-type"], "application/connect+json");
    const envelopes = splitEnvelopes(answer.body);
    const end = envelopes.pop();
    assert.equal(end?.flags, 2);
    assert.equal(envelopes.length, messageCount);
    const { error, metadata } = JSON.parse(String(end?.bytes));
    assert.equal(error?.code, code);
    if (message !== undefined) assert.match(error.message, message);
    if (code === undefined) {
      assert.equal(answer.header["x-header"], "h");
      assert.deepEqual(metadata, { "x-trailer": ["t"] });
    }
  });
}

test("a message that breaks off a running stream cancels it at the backend, and is what the client hears of", async (context) => {
  let cancelled = false;
  const port = await openGateway(context, {
    Bidi(call) {
      call.on("cancelled", () => {
        cancelled = true;
      });
      call.on("data", (message: Buffer) => call.write(message));
    },
  });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request({ ":method": "POST", ":path": pathOf("Bidi"), ...streamJson });
  stream.write(envelope('{"id":"1"}'));
  const heard: Buffer[] = [];
  stream.on("data", (piece: Buffer) => heard.push(piece));
  await until(() => heard.length > 0);
  stream.write(envelope('{"id":2}'));
  await once(stream, "end");
  session.close();
  const end = splitEnvelopes(Buffer.concat(heard)).pop();
  const { error } = JSON.parse(String(end?.bytes));
  assert.equal(error.code, "invalid_argument");
  assert.match(error.message, /id/);
  await until(() => cancelled);
});

test("an error before the header of a stream keeps its header and trailer", async (context) => {
  const error = new RpcError(Code.NOT_FOUND, "gone", {
    header: Header.of([["x-h", "1"]]),
    trailer: Header.of([["x-t", "2"]]),
  });
  const port = await openEdge(context, failing(error));
  const answer = await ask(port, { name: "Bidi", header: streamProto, body: "" });
  assert.equal(answer.status, 200);
  assert.equal(answer.header["x-h"], "1");
  const [end] = splitEnvelopes(answer.body);
  const expected = { error: { code: "not_found", message: "gone" }, metadata: { "x-t": ["2"] } };
  assert.deepEqual(JSON.parse(String(end?.bytes)), expected);
});

test("a reply that is not the message of the schema is INTERNAL, and the rest of its stream is let go", async () => {
  const source = new Source([note({ id: "1" }), Uint8Array.of(0xff), note({ id: "2" })]);
  const edge = createEdge(async () => ({
    kind: "stream",
    header: noHeader,
    messages: source,
    trailer: Promise.resolve(noHeader),
  }));
  const body = [envelope("{}")];
  const request = requestOf("POST", pathOf("ServerStreaming"), { header: Object.entries(streamJson), body });
  const response = await edge.handle(request);
  assert.ok(response);
  const pieces: Buffer[] = [];
  for await (const piece of response.body as AsyncIterable<Uint8Array>) pieces.push(Buffer.from(piece));
  const [first, end, ...more] = splitEnvelopes(Buffer.concat(pieces));
  assert.equal(String(first?.bytes), '{"id":"1"}');
  assert.equal(JSON.parse(String(end?.bytes)).error.code, "internal");
  assert.equal(more.length, 0);
  assert.equal(source.returned, true);
});

for (const version of ["1.1", "2"] as const) {
  test(`a client that goes away returns the reply's messages while one is awaited (HTTP/${version})`, async (context) => {
    let asked = false;
    let returned = false;
    const waiting = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>();
    const messages = {
      next: () => {
        asked = true;
        return waiting.promise;
      },
      return: async () => {
        returned = true;
        waiting.resolve({ done: true, value: undefined });
        return { done: true as const, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const port = await openEdge(context, async () => ({
      kind: "stream",
      header: noHeader,
      messages,
      trailer: Promise.resolve(noHeader),
    }));
    const body = envelope("{}");
    if (version === "2") {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      const stream = session.request({
        ":method": "POST",
        ":path": pathOf("ServerStreaming"),
        ...streamJson,
      });
      stream.on("error", () => {});
      stream.end(body);
      await until(() => asked);
      stream.close(8);
      await until(() => returned);
      session.close();
      return;
    }
    const path = pathOf("ServerStreaming");
    const outgoing = httpRequest({
      host: "127.0.0.1",
      port,
      method: "POST",
      path,
      headers: streamJson,
      agent: false,
    });
    outgoing.on("error", () => {});
    outgoing.end(body);
    await until(() => asked);
    outgoing.destroy();
    await until(() => returned);
  });
}
