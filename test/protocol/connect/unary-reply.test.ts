// Errors, metadata and compression of unary calls, and compression of streams beside them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { codeName } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { httpStatusOf } from "../../../src/wire/http-status.ts";
import { envelope, splitEnvelopes } from "../envelopes.ts";
import { note, pathOf } from "../note-service.ts";
import { noHeader, openEdge } from "./connect-fixture.ts";
import { ask, echo, failing, json, proto, streamProto } from "./raw-edge.ts";

for (let code = 1; code <= 17; code++) {
  test(`${codeName(code)} of a backend is HTTP ${httpStatusOf(code)}, its trailer prefixed`, async (context) => {
    const header = Header.of([["x-h", "1"]]);
    const trailer = Header.of([["x-t", "2"]]);
    const port = await openEdge(context, failing(new RpcError(code, "m", { header, trailer })));
    const answer = await ask(port, { header: proto });
    assert.equal(answer.status, httpStatusOf(code));
    assert.equal(answer.header["content-type"], "application/json");
    assert.equal(answer.header["x-h"], "1");
    assert.equal(answer.header["trailer-x-t"], "2");
    assert.equal(JSON.parse(answer.body.toString()).message, "m");
  });
}

const compressed: readonly [name: string, bytes: (message: Buffer) => Buffer][] = [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["deflate", deflateSync],
  ["GZIP", gzipSync],
  ["identity", (message) => message],
];
for (const [name, compress] of compressed) {
  test(`requests in ${name} are read: unary, GET and stream`, async (context) => {
    const port = await openEdge(context, echo, { minCompressedBytes: Number.POSITIVE_INFINITY });
    const message = note({ text: "a".repeat(500) });
    const post = await ask(port, { header: { ...proto, "content-encoding": name }, body: compress(message) });
    assert.deepEqual(post.body, message);
    const query = `encoding=proto&base64=1&compression=${name}&message=${compress(message).toString("base64url")}`;
    const get = await ask(port, { method: "GET", path: `${pathOf("Unary")}?${query}` });
    assert.deepEqual(get.body, message);
    const flags = name === "identity" ? 0 : 1;
    const body = Buffer.concat([envelope(compress(message), flags), envelope(message), envelope("", flags)]);
    const header = { ...streamProto, "connect-content-encoding": name };
    const stream = await ask(port, { name: "Bidi", header, body });
    assert.deepEqual(
      splitEnvelopes(stream.body).map(({ flags, bytes }) => [flags, bytes.length]),
      [
        [0, message.length],
        [0, message.length],
        [0, 0],
        [2, stream.body.length - 2 * message.length - 20],
      ],
    );
  });
}

test("replies are compressed as the client asks, from the size on where it pays", async (context) => {
  const port = await openEdge(context, echo, { minCompressedBytes: 100 });
  const long = note({ text: "a".repeat(500) });
  const header = { ...proto, "accept-encoding": "gzip" };
  const big = await ask(port, { header, body: long });
  assert.equal(big.header["content-encoding"], "gzip");
  assert.deepEqual(gunzipSync(big.body), long);
  const small = await ask(port, { header, body: note({ text: "a" }) });
  assert.equal(small.header["content-encoding"], undefined);
  const implied = await ask(port, { header: { ...proto, "content-encoding": "gzip" }, body: gzipSync(long) });
  assert.equal(implied.header["content-encoding"], "gzip", "what the client sent it also takes");
  const stream = await ask(port, {
    name: "Bidi",
    header: { ...streamProto, "connect-accept-encoding": "gzip", "accept-encoding": "br" },
    body: Buffer.concat([envelope(long), envelope(note({}))]),
  });
  assert.equal(stream.header["connect-content-encoding"], "gzip");
  assert.equal(stream.header["content-encoding"], undefined);
  const [first, second, end] = splitEnvelopes(stream.body);
  assert.equal(first?.flags, 1);
  assert.deepEqual(gunzipSync(first?.bytes ?? ""), long);
  assert.equal(second?.flags, 0);
  assert.equal(end?.flags, 2);
});

test("a GET varies with its accept-encoding, beside what the backend says of caching", async (context) => {
  const port = await openEdge(context, async () => ({
    kind: "unary",
    header: Header.of([
      ["cache-control", "max-age=60"],
      ["vary", "cookie"],
    ]),
    message: note({}),
    trailer: noHeader,
  }));
  const path = `${pathOf("Unary")}?encoding=json&message={}`;
  const get = await ask(port, { method: "GET", path });
  assert.equal(get.header.vary, "accept-encoding, cookie");
  assert.equal(get.header["cache-control"], "max-age=60");
  assert.equal(get.body.toString(), "{}");
  const head = await ask(port, { method: "HEAD", path });
  assert.equal(head.status, 200);
  assert.equal(head.header["content-length"], "2");
  const post = await ask(port, { header: json, body: "{}" });
  assert.equal(post.header.vary, "cookie");
});

test("what is Connect's own is no metadata, everything else is", async (context) => {
  let got = noHeader;
  const port = await openEdge(context, (call) => {
    got = call.header;
    return echo(call);
  });
  const header = {
    ...json,
    "connect-protocol-version": "1",
    "connect-timeout-ms": "5000",
    "connect-x": "1",
    "accept-encoding": "br",
    "x-a": "1",
    "x-bin": "AAE=",
    "trailer-x": "mine",
  };
  await ask(port, { header, body: "{}" });
  const names = [...got].map(([name]) => name).filter((name) => !name.startsWith("x-forwarded-"));
  assert.deepEqual(names.sort(), ["trailer-x", "x-a", "x-bin"]);
  assert.equal(got.get("x-bin"), "AAE");
  assert.equal(got.get("x-forwarded-for"), "127.0.0.1");
});
