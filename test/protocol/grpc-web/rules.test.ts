// What the gRPC-Web document says, rule by rule, with raw HTTP through a real listener.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createGrpcWebProtocol } from "../../../src/protocol/grpc-web/grpc-web-protocol.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { until } from "../../server/open-listener.ts";
import { type Envelope, envelope, splitEnvelopes } from "../envelopes.ts";
import { type EdgeOptions, openEdge } from "../grpc/grpc-fixture.ts";
import { note, pathOf } from "../note-service.ts";
import { collect, Source } from "../rest/pieces.ts";
import { messagesOf, streamReply, unaryReply } from "../rest/rest-fixture.ts";

const hello = note({ id: "7", text: "hello" });
const echo: Handler = async (call) => {
  if (call.kind === "unary") return unaryReply(call.message);
  return unaryReply(Buffer.concat(await messagesOf(call)));
};

const open = (context: TestContext, handler: Handler = echo, options?: EdgeOptions): Promise<number> =>
  openEdge(context, createGrpcWebProtocol, handler, options);

interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
  readonly header?: Record<string, string>;
  readonly body?: Buffer | string;
}

/** The raw answer of one request over HTTP/1.1. */
async function ask(port: number, ask: Ask = {}) {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method: ask.method ?? "POST",
    path: ask.path ?? pathOf("Unary"),
    headers: { "content-type": ask.type ?? "application/grpc-web+proto", "x-grpc-web": "1", ...ask.header },
    agent: false,
  });
  outgoing.end(ask.body ?? envelope(hello));
  const [response] = await once(outgoing, "response");
  const pieces: Buffer[] = await collect(response);
  return {
    status: response.statusCode as number,
    header: response.headers as Record<string, string | undefined>,
    body: Buffer.concat(pieces),
    trailer: response.trailers as Record<string, string>,
  };
}

/** Base64 in chunks, each padded on its own. */
function decodeText(body: Buffer): Buffer {
  const chunks = body.toString("latin1").match(/[A-Za-z0-9+/]+={0,2}/g) ?? [];
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, "base64")));
}

/** The messages and the trailer of a body. */
function takeApart(body: Buffer): { messages: Envelope[]; trailer: string } {
  const envelopes = splitEnvelopes(body);
  const last = envelopes.pop();
  assert.equal(last?.flags, 0x80, "the last envelope is the trailer");
  return { messages: envelopes, trailer: last.bytes.toString("latin1") };
}

test("a unary reply is its message and the trailer as text, and HTTP has no trailer", async (context) => {
  const port = await open(context, async (call) =>
    unaryReply(call.kind === "unary" ? call.message : hello, {
      header: Header.of([["x-head", "1"]]),
      trailer: Header.of([
        ["x-tail", "2"],
        ["x-tail-bin", "AAE"],
        ["x-tail", "3"],
      ]),
    }),
  );
  const { status, header, body, trailer } = await ask(port, { header: { te: "trailers" } });
  assert.equal(status, 200);
  assert.equal(header["content-type"], "application/grpc-web+proto");
  assert.equal(header["x-head"], "1");
  assert.deepEqual(takeApart(body), {
    messages: [{ flags: 0, bytes: hello }],
    trailer: "grpc-status: 0\r\nx-tail: 2\r\nx-tail-bin: AAE\r\nx-tail: 3\r\n",
  });
  assert.deepEqual(trailer, {});
});

test("an error has its status in the body, where a page of another origin can read all of it", async (context) => {
  const port = await open(context, async () => {
    throw new RpcError(Code.NOT_FOUND, "no\r\nnote", {
      header: Header.of([["x-head", "1"]]),
      trailer: Header.of([["x-tail", "2"]]),
    });
  });
  const { status, header, body } = await ask(port);
  assert.equal(status, 200);
  assert.equal(header["grpc-status"], undefined);
  assert.equal(header["x-head"], "1");
  assert.deepEqual(takeApart(body), {
    messages: [],
    trailer: "grpc-status: 5\r\ngrpc-message: no%0D%0Anote\r\nx-tail: 2\r\n",
  });
});

test("a stream ends with its trailer, also where it fails", async (context) => {
  for (const failure of [undefined, new RpcError(Code.DATA_LOSS, "lost")]) {
    const port = await open(context, async () => streamReply(new Source([hello, hello], failure)));
    const { messages, trailer } = takeApart((await ask(port, { path: pathOf("ServerStreaming") })).body);
    assert.equal(messages.length, 2);
    assert.equal(trailer, failure ? "grpc-status: 15\r\ngrpc-message: lost\r\n" : "grpc-status: 0\r\n");
  }
});

const forms: readonly [
  type: string,
  accept: string | undefined,
  replyType: string | undefined,
  why: string,
][] = [
  ["application/grpc-web", undefined, "application/grpc-web", "the reply has the request's type"],
  ["application/grpc-web+proto", "*/*", "application/grpc-web+proto", "and any will do"],
  ["application/grpc-web-text", undefined, "application/grpc-web-text", "text is answered with text"],
  [
    "application/grpc-web-text+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "as asked",
  ],
  [
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "Accept chooses",
  ],
  ["application/grpc-web-text", "application/grpc-web+proto", "application/grpc-web", "in both directions"],
  ["application/grpc-web;charset=x", undefined, "application/grpc-web", "parameters are ignored"],
  ["application/grpc-webx", undefined, undefined, "another type"],
  ["application/grpc", undefined, undefined, "another protocol"],
];
for (const [type, accept, replyType, why] of forms) {
  test(`${type} accepting ${accept} is answered with ${replyType ?? "nothing"}: ${why}`, async (context) => {
    const port = await open(context);
    const bytes = envelope(hello);
    const body = type.includes("text") ? bytes.toString("base64") : bytes;
    const answer = await ask(port, { type, body, header: accept === undefined ? {} : { accept } });
    if (replyType === undefined) return assert.equal(answer.status, 404);
    assert.equal(answer.header["content-type"], replyType);
    const plain = replyType.includes("text") ? decodeText(answer.body) : answer.body;
    assert.deepEqual(takeApart(plain).messages, [{ flags: 0, bytes: hello }]);
  });
}

test("each piece of a stream as text is base64 with a padding of its own", async (context) => {
  const port = await open(context, async () =>
    streamReply(new Source([Buffer.from("1"), Buffer.from("22")])),
  );
  const { body } = await ask(port, {
    path: pathOf("ServerStreaming"),
    type: "application/grpc-web-text",
    body: envelope(hello).toString("base64"),
  });
  const text = [envelope("1"), envelope("22"), envelope("grpc-status: 0\r\n", 0x80)]
    .map((piece) => piece.toString("base64"))
    .join("");
  assert.equal(body.toString(), text);
});

test("a request as text may be several chunks, each padded on its own", async (context) => {
  const port = await open(context);
  const bytes = envelope(hello);
  const body = [bytes.subarray(0, 1), bytes.subarray(1, 5), bytes.subarray(5)]
    .map((piece) => Buffer.from(piece).toString("base64"))
    .join("");
  const answer = await ask(port, { type: "application/grpc-web-text", body });
  assert.deepEqual(takeApart(decodeText(answer.body)).messages, [{ flags: 0, bytes: hello }]);
});

test("text that is not base64 is INVALID_ARGUMENT, answered as text", async (context) => {
  const port = await open(context);
  const { body } = await ask(port, { type: "application/grpc-web-text", body: "not base64!" });
  assert.match(takeApart(decodeText(body)).trailer, /^grpc-status: 3\r\n/);
});

test("messages of the JSON codec are transcoded, and answered in JSON", async (context) => {
  const port = await open(context);
  const type = "application/grpc-web+json";
  const { header, body } = await ask(port, { type, body: envelope('{"id":"7"}') });
  assert.equal(header["content-type"], type);
  assert.deepEqual(
    takeApart(body).messages.map(({ bytes }) => bytes.toString()),
    ['{"id":"7"}'],
  );
});

test("a message compressed with gzip is answered in gzip, and the trailer is not compressed", async (context) => {
  const port = await open(context);
  const long = note({ text: "lorem ipsum ".repeat(100) });
  const header = { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" };
  const answer = await ask(port, { header, body: envelope(gzipSync(long), 1) });
  assert.equal(answer.header["grpc-encoding"], "gzip");
  const { messages, trailer } = takeApart(answer.body);
  assert.equal(messages[0]?.flags, 1);
  assert.deepEqual(gunzipSync(messages[0].bytes), long);
  assert.equal(trailer, "grpc-status: 0\r\n");
});

const refused: readonly (Ask & { readonly title: string; readonly code: number })[] = [
  { title: "an unknown method is UNIMPLEMENTED", path: "/a.B/C", code: 12 },
  { title: "an unknown compression is UNIMPLEMENTED", header: { "grpc-encoding": "lzma" }, code: 12 },
  { title: "no message where one is due is UNIMPLEMENTED", body: "", code: 12 },
  { title: "a malformed timeout is INVALID_ARGUMENT", header: { "grpc-timeout": "1" }, code: 3 },
  { title: "a trailer in a request is INVALID_ARGUMENT", body: envelope("a: b\r\n", 0x80), code: 3 },
];
for (const { title, code, ...rest } of refused) {
  test(`${title}, with HTTP 200 and the status in the body`, async (context) => {
    const port = await open(context);
    const { status, body } = await ask(port, rest);
    assert.equal(status, 200);
    assert.match(takeApart(body).trailer, new RegExp(`^grpc-status: ${code}\r\n`));
  });
}

test("a method other than POST is 405, an unknown codec 415", async (context) => {
  const port = await open(context);
  const wrongMethod = await ask(port, { method: "PUT" });
  assert.deepEqual([wrongMethod.status, wrongMethod.header.allow], [405, "POST"]);
  const wrongCodec = await ask(port, { type: "application/grpc-web+thrift" });
  assert.equal(wrongCodec.status, 415);
  assert.match(wrongCodec.header["accept-post"] ?? "", /application\/grpc-web-text\+proto/);
});

test("x-user-agent is metadata, x-grpc-web is not", async (context) => {
  let seen: Header | undefined;
  const port = await open(context, async (call) => {
    seen = call.header;
    return echo(call);
  });
  await ask(port, { header: { "x-user-agent": "grpc-web-javascript/0.1" } });
  assert.equal(seen?.get("x-user-agent"), "grpc-web-javascript/0.1");
  assert.equal(seen?.has("x-grpc-web"), false);
});

for (const type of ["application/grpc-web", "application/grpc-web-text"]) {
  test(`a client of ${type} that goes while a stream waits lets go of it`, async (context) => {
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
    const bytes = envelope(hello);
    const outgoing = request({
      host: "127.0.0.1",
      port,
      method: "POST",
      path: pathOf("ServerStreaming"),
      headers: { "content-type": type },
      agent: false,
    });
    outgoing.on("error", () => {});
    outgoing.end(type.includes("text") ? bytes.toString("base64") : bytes);
    await once(outgoing, "response");
    outgoing.destroy();
    await until(() => returned);
  });
}
