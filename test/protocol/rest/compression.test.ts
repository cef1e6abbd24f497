import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { type Compression, compressions } from "../../../src/wire/compression.ts";
import { compressPieces, inflatePieces } from "../../../src/wire/zlib-pieces.ts";
import { askHttp1, askHttp2, openListener, versions } from "../../server/open-listener.ts";
import { Source } from "./pieces.ts";
import {
  createEdge,
  decode,
  type EdgeOptions,
  encode,
  httpBodyDesc,
  messageOf,
  note,
  noteDesc,
  streamReply,
  unaryReply,
} from "./rest-fixture.ts";

const longText = "a text that says the same again and again. ".repeat(100);
const gzip = compressions.get("gzip") as Compression;
const echo: Handler = async (call) => unaryReply(messageOf(call));
const long: Handler = async () => unaryReply(note({ text: longText }));

async function open(context: TestContext, handler: Handler, options?: EdgeOptions): Promise<number> {
  const edge = createEdge(handler, { maxRequestBytes: 10_000, ...options });
  return (await openListener(context, edge.handle)).port;
}

interface RawAnswer {
  readonly response: IncomingMessage;
  readonly bytes: Buffer;
}

/** One request of which the answer's bytes are wanted as they came. */
async function ask(
  port: number,
  path: string,
  headers: Record<string, string>,
  body?: Uint8Array,
  method = body === undefined ? "GET" : "POST",
): Promise<RawAnswer> {
  const outgoing = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return { response, bytes: Buffer.concat(pieces) };
}

/** The pieces of the first message: the header of a coding may come alone before it. */
async function takeFirst(packed: AsyncIterator<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  while (Buffer.concat(pieces).length < 20) {
    const step = await packed.next();
    if (step.done === true) break;
    pieces.push(step.value);
  }
  return pieces;
}

for (const compression of compressions.values()) {
  test(`a reply goes out in ${compression.name} and a request comes in`, async (context) => {
    const port = await open(context, echo);
    const json = Buffer.from(JSON.stringify({ text: longText }));
    const { response, bytes } = await ask(
      port,
      "/notes/7",
      {
        "content-type": "application/json",
        "content-encoding": compression.name,
        "accept-encoding": compression.name,
      },
      Buffer.from(await compression.compress(json)),
    );
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-encoding"], compression.name);
    assert.equal(response.headers.vary, "accept-encoding");
    assert.equal(response.headers["content-length"], String(bytes.length));
    assert.ok(bytes.length < 1_000);
    const text = Buffer.from(await compression.decompress(bytes, 100_000)).toString();
    assert.deepEqual(JSON.parse(text), { id: "7", text: longText });
  });

  test(`a bomb in ${compression.name} is 413, whole or as one message of a stream`, async (context) => {
    let read: unknown;
    const port = await open(context, async (call) => {
      if (call.kind === "unary") return unaryReply(call.message);
      try {
        for await (const message of call.messages) read = message;
      } catch (reason) {
        read = reason;
        throw reason;
      }
      return unaryReply(note({}));
    });
    // A JSON text of 20 MB that does not end.
    const text = Buffer.concat([Buffer.from('"'), Buffer.alloc(20_000_000, "a")]);
    const headers = { "content-type": "application/json", "content-encoding": compression.name };
    const packed = Buffer.from(await compression.compress(text));
    const unary = await ask(port, "/notes/7", headers, packed);
    assert.equal(unary.response.statusCode, 413);
    const stream = await ask(port, "/folders/7:import", headers, packed);
    assert.equal(stream.response.statusCode, 413);
    assert.ok(read instanceof RpcError && read.code === Code.RESOURCE_EXHAUSTED);
  });

  test(`a client stream in ${compression.name} is inflated while it comes, beyond any limit of a body`, async (context) => {
    const seen: string[] = [];
    const waiting: (() => void)[] = [];
    const port = await open(context, async (call) => {
      if (call.kind !== "stream") throw new Error("no stream");
      for await (const message of call.messages) {
        seen.push(String((decode(noteDesc, message) as { id: string }).id));
        waiting.shift()?.();
      }
      return unaryReply(note({ size: BigInt(seen.length) }));
    });
    const lines = Array.from(
      { length: 300 },
      (_, index) => `{"id":"${index}","text":"${"x".repeat(100)}"}\n`,
    );
    const feed = new Source(lines.map((line) => Buffer.from(line)));
    const packed = compressPieces(feed, compression);
    const outgoing = httpRequest({
      host: "127.0.0.1",
      port,
      path: "/folders/7:import",
      method: "POST",
      headers: { "content-type": "application/x-ndjson", "content-encoding": compression.name },
      agent: false,
    });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    const first = new Promise<void>((resolve) => waiting.push(resolve));
    // What comes out of the compressor for the first message, perhaps in two pieces.
    const firstPieces = await takeFirst(packed);
    assert.equal(feed.pulled, 1);
    for (const piece of firstPieces) outgoing.write(piece);
    await first;
    for await (const piece of packed) outgoing.write(piece);
    outgoing.end();
    const [response] = await answered;
    let text = "";
    for await (const piece of response) text += piece;
    assert.deepEqual(JSON.parse(text), { size: "300" });
    assert.deepEqual(seen.slice(0, 3), ["7", "1", "2"]);
  });

  test(`a stream of replies in ${compression.name} has each message readable before the next is there`, async (context) => {
    let release: (() => void) | undefined;
    const port = await open(context, async () =>
      streamReply(
        (async function* () {
          for (const id of ["1", "2", "3"]) {
            yield note({ id });
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
        })(),
      ),
    );
    const outgoing = httpRequest({
      host: "127.0.0.1",
      port,
      path: "/notes/7:watch",
      headers: { accept: "application/x-ndjson", "accept-encoding": compression.name },
      agent: false,
    });
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    assert.equal(response.headers["content-encoding"], compression.name);
    assert.equal(response.headers.vary, "accept-encoding");
    let text = "";
    for await (const piece of inflatePieces(response, compression, Number.POSITIVE_INFINITY)) {
      text += Buffer.from(piece).toString();
      if (text.endsWith("\n")) release?.();
    }
    assert.equal(text, '{"id":"1"}\n{"id":"2"}\n{"id":"3"}\n');
  });
}

test("curl --compressed and fetch read what they asked for", async (context) => {
  const port = await open(context, long);
  const url = `http://127.0.0.1:${port}/notes/7`;
  const { stdout } = await promisify(execFile)("curl", ["-s", "--compressed", "-D", "-", url]);
  const [head = "", body = ""] = stdout.split("\r\n\r\n");
  assert.match(head, /content-encoding: gzip/i);
  assert.deepEqual(JSON.parse(body), { text: longText });
  const response = await fetch(url);
  assert.notEqual(response.headers.get("content-encoding"), null);
  assert.deepEqual(await response.json(), { text: longText });
});

test("HTTP/2 clients get compressed bodies too, with the trailer behind them", async (context) => {
  const trailer = Header.of([["x-cost", "2"]]);
  const port = await open(context, async () => unaryReply(note({ text: longText }), { trailer }));
  const answer = await askHttp2(port, { path: "/notes/7", header: { "accept-encoding": "br" } });
  assert.equal(answer.header["content-encoding"], "br");
  assert.equal(answer.trailer["x-cost"], "2");
});

test("HEAD says what GET would", async (context) => {
  const port = await open(context, long);
  const get = await ask(port, "/notes/7", { "accept-encoding": "gzip" });
  const head = await ask(port, "/notes/7", { "accept-encoding": "gzip" }, undefined, "HEAD");
  for (const name of ["content-encoding", "content-length", "content-type", "vary"]) {
    assert.equal(head.response.headers[name], get.response.headers[name], name);
  }
  assert.equal(head.bytes.length, 0);
});

test("HEAD of a stream lets go of it", async (context) => {
  const source = new Source([note({ id: "1" })]);
  const port = await open(context, async () => streamReply(source));
  const { response } = await ask(port, "/notes/7:watch", { "accept-encoding": "gzip" }, undefined, "HEAD");
  assert.equal(response.headers["content-encoding"], "gzip");
});

interface Untouched {
  readonly why: string;
  readonly handler: Handler;
  readonly path?: string;
  readonly header?: Record<string, string>;
  readonly vary: string | undefined;
  readonly options?: EdgeOptions;
}

const file = (contentType: string): Handler => {
  return async () => unaryReply(encode(httpBodyDesc, { contentType, data: Buffer.from(longText) }));
};

const untouched: readonly Untouched[] = [
  { why: "it is small", handler: async () => unaryReply(note({ text: "x" })), vary: undefined },
  { why: "the client does not ask", handler: long, header: {}, vary: "accept-encoding" },
  {
    why: "the client refuses",
    handler: long,
    header: { "accept-encoding": "gzip;q=0" },
    vary: "accept-encoding",
  },
  {
    why: "compression is off",
    handler: long,
    options: { minCompressedBytes: Number.POSITIVE_INFINITY },
    vary: undefined,
  },
  { why: "an image is compressed already", handler: file("image/png"), path: "/blobs/7", vary: undefined },
  { why: "bytes of a nameless type may be", handler: file(""), path: "/blobs/7", vary: undefined },
  {
    why: "the backend forbids transforming it",
    handler: async () =>
      unaryReply(note({ text: longText }), {
        header: Header.of([["cache-control", "private, no-transform"]]),
      }),
    vary: undefined,
  },
];

for (const { why, handler, path = "/notes/7", header, vary, options } of untouched) {
  test(`a body goes as it is where ${why}`, async (context) => {
    const port = await open(context, handler, options);
    const { response } = await ask(port, path, header ?? { "accept-encoding": "gzip" });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-encoding"], undefined);
    assert.equal(response.headers.vary, vary);
  });
}

test("an HttpBody of text is compressed, and a strong ETag is weak then; a weak one and other Vary stay", async (context) => {
  const header = Header.of([
    ["etag", '"v1"'],
    ["vary", "accept-language"],
  ]);
  const data = Buffer.from(longText);
  const port = await open(context, async () =>
    unaryReply(encode(httpBodyDesc, { contentType: "text/csv; charset=utf-8", data }), { header }),
  );
  const { response } = await ask(port, "/blobs/7", { "accept-encoding": "gzip" });
  assert.equal(response.headers["content-encoding"], "gzip");
  assert.equal(response.headers.etag, 'W/"v1"');
  assert.equal(response.headers.vary, "accept-language, accept-encoding");
  const plain = await ask(port, "/blobs/7", {});
  assert.equal(plain.response.headers.etag, '"v1"');
  header.set("etag", 'W/"v2"');
  header.set("vary", "Accept-Encoding");
  const weak = await ask(port, "/blobs/7", { "accept-encoding": "gzip" });
  assert.equal(weak.response.headers.etag, 'W/"v2"');
  assert.equal(weak.response.headers.vary, "Accept-Encoding");
});

test("a client that refuses identity gets a small body compressed as well", async (context) => {
  const port = await open(context, echo);
  const { response, bytes } = await ask(port, "/notes/7", { "accept-encoding": "identity;q=0, *" });
  assert.equal(response.headers["content-encoding"], "gzip");
  assert.equal(Buffer.from(await gzip.decompress(bytes, 100)).toString(), '{"id":"7"}');
});

test("errors are compressed like replies", async (context) => {
  const port = await open(context, async () => {
    throw new RpcError(Code.NOT_FOUND, longText);
  });
  const accept = { accept: "application/problem+json", "accept-encoding": "gzip" };
  const { response, bytes } = await ask(port, "/notes/7", accept);
  assert.equal(response.statusCode, 404);
  assert.equal(response.headers["content-encoding"], "gzip");
  const problem = JSON.parse(Buffer.from(await gzip.decompress(bytes, 100_000)).toString());
  assert.equal(problem.detail, longText);
});

test("events are not compressed", async (context) => {
  const port = await open(context, async () => streamReply(new Source([note({ id: "1" })])));
  const headers = { accept: "text/event-stream", "accept-encoding": "gzip" };
  const { response, bytes } = await ask(port, "/notes/7:watch", headers);
  assert.equal(response.headers["content-encoding"], undefined);
  assert.equal(bytes.toString(), 'id: 1\ndata: {"id":"1"}\n\n');
});

test("an error in the middle of a compressed stream is its last line", async (context) => {
  const broken = new Source([note({ id: "1" })], new RpcError(Code.DATA_LOSS, "lost"));
  const port = await open(context, async () => streamReply(broken));
  const headers = { accept: "application/x-ndjson", "accept-encoding": "gzip" };
  const { bytes } = await ask(port, "/notes/7:watch", headers);
  const text = Buffer.from(await gzip.decompress(bytes, 100_000)).toString();
  assert.match(text, /^\{"id":"1"\}\n\{"error":\{"code":15,.*\}\}\n$/);
});

for (const { name, ask: askVersion } of versions) {
  test(`${name}: an unknown coding and a chain of codings are 415 and say what is read`, async (context) => {
    const port = await open(context, echo);
    for (const encoding of ["compress", "gzip, br", "br,br"]) {
      for (const path of ["/notes/7", "/folders/7:import"]) {
        const header = { "content-type": "application/json", "content-encoding": encoding };
        const answer = await askVersion(port, { method: "POST", path, header, body: "{}" });
        assert.equal(answer.status, 415, encoding);
        assert.equal(answer.header["accept-encoding"], "gzip,br,zstd,deflate");
      }
    }
  });
}

test("corrupt and truncated bodies are 400, whole or streamed", async (context) => {
  const port = await open(context, async (call) => {
    if (call.kind === "stream") for await (const _ of call.messages);
    return unaryReply(note({}));
  });
  const whole = Buffer.from(await gzip.compress(Buffer.from('{"text":"abc"}')));
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  for (const body of [
    Buffer.from("{}"),
    whole.subarray(0, -6),
    Buffer.concat([whole, whole.subarray(0, 5)]),
  ]) {
    for (const path of ["/notes/7", "/folders/7:import"]) {
      const { response, bytes } = await ask(port, path, headers, body);
      assert.equal(response.statusCode, 400, path);
      assert.match(bytes.toString(), /not valid gzip/);
    }
  }
});

test("forms and HttpBody uploads are inflated as well", async (context) => {
  const port = await open(context, echo);
  const form = '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--';
  const headers = { "content-type": "multipart/form-data; boundary=b", "content-encoding": "gzip" };
  const sent = Buffer.from(await gzip.compress(Buffer.from(form)));
  const { response } = await ask(port, "/forms/7", headers, sent);
  assert.equal(response.statusCode, 200);
  let file: unknown;
  const store = await open(context, async (call) => {
    file = messageOf(call);
    return unaryReply(note({}));
  });
  const bytes = Buffer.from(await gzip.compress(Buffer.from("plain")));
  await ask(store, "/blobs/7", { "content-type": "text/plain", "content-encoding": "gzip" }, bytes, "PUT");
  assert.ok(Buffer.from(file as Uint8Array).includes("plain"));
});

test("a limit is of what comes out: exactly that size passes", async (context) => {
  const json = Buffer.from(`{"text":"${"x".repeat(9_989)}"}`);
  assert.equal(json.length, 10_000);
  const port = await open(context, echo);
  const header = { "content-type": "application/json", "content-encoding": "gzip" };
  const exact = await askHttp1(port, {
    method: "POST",
    path: "/notes/7",
    header,
    body: await gzip.compress(json),
  });
  assert.equal(exact.status, 200);
  const over = Buffer.concat([json, Buffer.from(" ")]);
  const body = await gzip.compress(over);
  assert.equal((await askHttp1(port, { method: "POST", path: "/notes/7", header, body })).status, 413);
});
