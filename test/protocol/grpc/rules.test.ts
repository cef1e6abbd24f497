// What gRPC's documents say of requests, rule by rule, with raw HTTP through a real listener.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type TestContext, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createGrpcProtocol } from "../../../src/protocol/grpc/grpc-protocol.ts";
import type { Call, Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { askHttp1, until } from "../../server/open-listener.ts";
import { envelope, splitEnvelopes } from "../envelopes.ts";
import { note, pathOf } from "../note-service.ts";
import { Source } from "../rest/pieces.ts";
import { createLog, messagesOf, streamReply, unaryReply } from "../rest/rest-fixture.ts";
import { type EdgeOptions, openEdge } from "./grpc-fixture.ts";
import { askGrpc } from "./raw-client.ts";

const hello = note({ id: "7", text: "hello" });

/** Answers one message with itself, and a stream with all its messages at once. */
const echo: Handler = async (call: Call) => {
  if (call.kind === "unary") return unaryReply(call.message);
  return unaryReply(Buffer.concat(await messagesOf(call)));
};

const open = (context: TestContext, handler: Handler = echo, options?: EdgeOptions): Promise<number> =>
  openEdge(context, createGrpcProtocol, handler, options);

const types: readonly [type: string, replyType: string | undefined, why: string][] = [
  ["application/grpc", "application/grpc", "proto is the default"],
  ["application/grpc+proto", "application/grpc+proto", "the reply has the request's type"],
  ["application/grpc;charset=utf-8", "application/grpc", "parameters are ignored"],
  ["Application/gRPC+Proto", "application/grpc+proto", "types are case-insensitive"],
  ["application/grpc-web", undefined, "another protocol"],
  ["application/grpcx", undefined, "another type"],
  ["application/json", undefined, "not gRPC"],
];
for (const [type, replyType, why] of types) {
  test(`content type ${type} is ${replyType ?? "not gRPC"}: ${why}`, async (context) => {
    const port = await open(context);
    const { status, header, messages } = await askGrpc(port, { type, body: envelope(hello) });
    if (replyType === undefined)
      return assert.equal(status, 404, "which is what the listener has for others");
    assert.equal(header["content-type"], replyType);
    assert.deepEqual(messages, [hello]);
  });
}

test("messages of the JSON codec are transcoded, and answered in JSON", async (context) => {
  let seen: Uint8Array | undefined;
  const port = await open(context, async (call) => {
    if (call.kind === "unary") seen = call.message;
    return echo(call);
  });
  const body = envelope('{"id":"7","text":"hello","other":[1]}');
  const { header, messages } = await askGrpc(port, { type: "application/grpc+json", body });
  assert.deepEqual(Buffer.from(seen ?? []), hello);
  assert.equal(header["content-type"], "application/grpc+json");
  assert.deepEqual(messages.map(String), ['{"id":"7","text":"hello"}']);
});

test("JSON that is not the message is INVALID_ARGUMENT and names the field", async (context) => {
  const port = await open(context);
  for (const path of [pathOf("Unary"), pathOf("ClientStreaming")]) {
    const body = envelope('{"id":7}');
    const { grpcStatus, grpcMessage } = await askGrpc(port, { path, type: "application/grpc+json", body });
    assert.equal(grpcStatus, "3");
    assert.match(grpcMessage, /id/);
  }
});

interface Rule {
  readonly title: string;
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
  readonly header?: Record<string, string>;
  readonly body?: Buffer;
  readonly status?: number;
  readonly code: number;
  readonly reply?: Record<string, string | RegExp>;
}

const cut = envelope(hello).subarray(0, 8);
const refused: readonly Rule[] = [
  { title: "an unknown method is UNIMPLEMENTED with HTTP 200", path: "/a.B/C", code: 12, status: 200 },
  {
    title: "a method other than POST is 405",
    method: "PUT",
    status: 405,
    code: 12,
    reply: { allow: "POST" },
  },
  {
    title: "an unknown codec is 415, and the reply says what there is",
    type: "application/grpc+thrift",
    status: 415,
    code: 12,
    reply: { "accept-post": "application/grpc, application/grpc+proto, application/grpc+json" },
  },
  {
    title: "an unknown compression is UNIMPLEMENTED, and the reply says what there is",
    header: { "grpc-encoding": "lzma" },
    code: 12,
    reply: { "grpc-accept-encoding": "gzip,br,zstd,deflate" },
  },
  { title: "a timeout that is none is INVALID_ARGUMENT", header: { "grpc-timeout": "5" }, code: 3 },
  {
    title: "a timeout of nine digits is INVALID_ARGUMENT",
    header: { "grpc-timeout": "123456789m" },
    code: 3,
  },
  { title: "a -bin entry that is not base64 is INVALID_ARGUMENT", header: { "x-a-bin": "!" }, code: 3 },
  { title: "no message where one is due is UNIMPLEMENTED", body: Buffer.alloc(0), code: 12 },
  {
    title: "two messages where one is due are UNIMPLEMENTED",
    body: Buffer.concat([envelope(hello), envelope(hello)]),
    code: 12,
  },
  {
    title: "no message to a server stream is UNIMPLEMENTED",
    path: pathOf("ServerStreaming"),
    body: Buffer.alloc(0),
    code: 12,
  },
  {
    title: "a compressed message without a compression is INTERNAL",
    body: envelope(gzipSync(hello), 1),
    code: 13,
  },
  { title: "flags that gRPC does not have are INVALID_ARGUMENT", body: envelope(hello, 2), code: 3 },
  { title: "a body that ends in a message is INVALID_ARGUMENT", body: cut, code: 3 },
  { title: "a body that ends in a prefix is INVALID_ARGUMENT", body: cut.subarray(0, 3), code: 3 },
  {
    title: "a message said to be larger than the limit is RESOURCE_EXHAUSTED before it is sent",
    body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
    code: 8,
  },
  {
    title: "bytes that are not so compressed are INVALID_ARGUMENT",
    header: { "grpc-encoding": "gzip" },
    body: envelope(hello, 1),
    code: 3,
  },
  {
    title: "a message that grows beyond the limit is RESOURCE_EXHAUSTED",
    header: { "grpc-encoding": "gzip" },
    body: envelope(gzipSync(Buffer.alloc(10_000_000)), 1),
    code: 8,
  },
];
for (const { title, status = 200, code, reply = {}, ...ask } of refused) {
  test(title, async (context) => {
    const port = await open(context);
    const answer = await askGrpc(port, { body: envelope(hello), ...ask });
    assert.equal(answer.status, status);
    assert.equal(answer.header["grpc-status"], String(code), "trailers-only: the status is in the header");
    assert.equal(answer.body.length, 0);
    assert.deepEqual(answer.trailer, {});
    for (const [name, value] of Object.entries(reply)) assert.equal(answer.header[name], value);
  });
}

test("an empty message may be marked as compressed", async (context) => {
  const port = await open(context);
  const { messages } = await askGrpc(port, { header: { "grpc-encoding": "gzip" }, body: envelope("", 1) });
  assert.deepEqual(messages, [Buffer.alloc(0)]);
});

test("a timeout of eight digits is the call's deadline", async (context) => {
  let leftMs = 0;
  const port = await open(context, async (call) => {
    leftMs = (call.deadline?.atMs ?? 0) - performance.now();
    return echo(call);
  });
  await askGrpc(port, { header: { "grpc-timeout": "99999999S" }, body: envelope(hello) });
  assert.ok(leftMs > 99_999_000_000 && leftMs <= 99_999_999_000, `${leftMs} ms`);
});

const long = note({ text: "lorem ipsum ".repeat(100) });
const negotiated: readonly [
  sent: string | undefined,
  accepted: string | undefined,
  answered: string | undefined,
  why: string,
][] = [
  ["gzip", "identity,gzip", "gzip", "the request's own compression, where the client takes it"],
  ["gzip", "br, gzip", "gzip", "even where it would rather have another"],
  ["gzip", "br", undefined, "never one that the client did not use"],
  ["gzip", undefined, undefined, "nothing said is nothing taken"],
  [undefined, "gzip", undefined, "a plain request is answered plain"],
];
for (const [sent, accepted, answered, why] of negotiated) {
  test(`sent in ${sent}, accepting ${accepted}, answered in ${answered}: ${why}`, async (context) => {
    const port = await open(context);
    const header = {
      ...(sent && { "grpc-encoding": sent }),
      ...(accepted && { "grpc-accept-encoding": accepted }),
    };
    const body = sent ? envelope(gzipSync(long), 1) : envelope(long);
    const answer = await askGrpc(port, { header, body });
    assert.equal(answer.header["grpc-encoding"], answered);
    const [first] = splitEnvelopes(answer.body);
    assert.equal(first?.flags, answered ? 1 : 0);
    assert.deepEqual(answered ? gunzipSync(first?.bytes ?? "") : first?.bytes, long);
  });
}

test("a small reply message is not compressed", async (context) => {
  const port = await open(context);
  const header = { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" };
  const { body } = await askGrpc(port, { header, body: envelope(hello) });
  assert.deepEqual(splitEnvelopes(body), [{ flags: 0, bytes: hello }]);
});

test("HTTP/1.1 is 505 but for a client that says TE: trailers", async (context) => {
  const port = await open(context);
  const ask = { method: "POST", path: pathOf("Unary"), body: envelope(hello) };
  const refused = await askHttp1(port, { ...ask, header: { "content-type": "application/grpc" } });
  assert.equal(refused.status, 505);
  const header = { "content-type": "application/grpc", te: "trailers" };
  const served = await askHttp1(port, { ...ask, header });
  assert.equal(served.status, 200);
  assert.equal(served.trailer["grpc-status"], "0");
});

test("an error after the backend's header leaves that header a header and the status a trailer", async (context) => {
  const port = await open(context, async () => {
    throw new RpcError(Code.NOT_FOUND, "no note", {
      header: Header.of([["x-head", "1"]]),
      trailer: Header.of([["x-tail", "2"]]),
    });
  });
  const { header, trailer } = await askGrpc(port, { body: envelope(hello) });
  assert.equal(header["x-head"], "1");
  assert.equal(header["grpc-status"], undefined);
  assert.equal(trailer["grpc-status"], "5");
  assert.equal(trailer["grpc-message"], "no note");
  assert.equal(trailer["x-tail"], "2");
});

test("while there is no schema the lookup's own error is the answer", async (context) => {
  const port = await open(context, echo, {
    methodOf: () => {
      throw new RpcError(Code.UNAVAILABLE, "no schema yet");
    },
  });
  const { grpcStatus, grpcMessage } = await askGrpc(port, { body: envelope(hello) });
  assert.deepEqual([grpcStatus, grpcMessage], ["14", "no schema yet"]);
});

test("an error that is nobody's RpcError is INTERNAL without its text, which is logged", async (context) => {
  const { logger, lines } = createLog();
  const port = await open(
    context,
    async () => {
      throw new Error("secret");
    },
    { logger },
  );
  const { grpcStatus, grpcMessage } = await askGrpc(port, { body: envelope(hello) });
  assert.deepEqual([grpcStatus, grpcMessage], ["13", "internal error"]);
  assert.deepEqual(
    lines.map(({ level, event }) => [level, event]),
    [["error", "call failed"]],
  );
});

test("reply bytes that are no such message end a JSON stream with INTERNAL, and let go of the backend", async (context) => {
  const source = new Source([hello, Uint8Array.of(0xff), hello]);
  const port = await open(context, async () => streamReply(source));
  const answer = await askGrpc(port, {
    path: pathOf("ServerStreaming"),
    type: "application/grpc+json",
    body: envelope("{}"),
  });
  assert.equal(answer.messages.length, 1);
  assert.equal(answer.trailer["grpc-status"], "13");
  assert.equal(source.returned, true);
});

test("metadata of the gRPC family in a reply's metadata does not double what the gateway says", async (context) => {
  const bad = Header.of([
    ["grpc-status", "9"],
    ["grpc-message", "x"],
    ["content-type", "text/plain"],
    ["x-ok", "1"],
  ]);
  const port = await open(context, async () => unaryReply(hello, { header: bad, trailer: bad }));
  const { header, trailer } = await askGrpc(port, { body: envelope(hello) });
  assert.equal(header["content-type"], "application/grpc");
  assert.equal(header["grpc-status"], undefined);
  assert.deepEqual({ ...trailer }, { "grpc-status": "0", "x-ok": "1" });
});

test("a client that goes while a stream waits for its next message lets go of it", async (context) => {
  let returned = false;
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => messages,
  };
  const port = await open(context, async () => streamReply(messages));
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ":method": "POST",
    ":path": pathOf("ServerStreaming"),
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(envelope(hello));
  await once(stream, "response");
  stream.close(8);
  await until(() => returned);
  session.close();
});

test("a client that goes in the middle of its message leaves nothing behind", async (context) => {
  let called = false;
  const port = await open(context, async (call) => {
    called = true;
    return echo(call);
  });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ":method": "POST",
    ":path": pathOf("Unary"),
    "content-type": "application/grpc",
  });
  stream.on("error", () => {});
  await new Promise((resolve) => stream.write(cut, resolve));
  stream.close(8);
  await once(stream, "close");
  const { messages } = await askGrpc(port, { body: envelope(hello) });
  assert.deepEqual(messages, [hello]);
  assert.equal(called, true);
  session.close();
});
