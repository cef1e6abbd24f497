// A header that a backend would not take is refused before it is sent: sent, it may cost the connection and every call
// on it. A real node:http2 server announces the limit.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream, type Settings } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { callOf, errorOf, using } from "../contract/transport.ts";

/** Answers every call with one empty message. */
async function startServer(
  settings: Settings,
): Promise<AsyncDisposable & { port: number; callCount: () => number }> {
  const server = createServer({ settings });
  let callCount = 0;
  server.on("stream", (stream: ServerHttp2Stream) => {
    callCount++;
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    callCount: () => callCount,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

const bytes = (count: number): { header: Header } => ({ header: new Header(["x-big", "a".repeat(count)]) });

test("a header above what the backend has announced is refused, and the calls beside it are not", async () => {
  await using server = await startServer({ maxHeaderListSize: 8_192 });
  await using transport = using(
    createGrpcJsTransport({ target: { host: "127.0.0.1", port: server.port, tls: false } }),
  );
  await transport.invoke(callOf("unary"));
  const error = await errorOf(transport.invoke(callOf("unary", bytes(8_192))));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.match(error.rawMessage, /header is too large for the backend: \d+ bytes of metadata, it takes 8192/);
  await transport.invoke(callOf("unary", bytes(7_000)));
  assert.equal(server.callCount(), 2);
});

test("before a backend has answered, a header that needs more than one frame is refused", async () => {
  await using server = await startServer({ maxHeaderListSize: 60_000 });
  await using transport = using(
    createGrpcJsTransport({ target: { host: "127.0.0.1", port: server.port, tls: false } }),
  );
  const error = await errorOf(transport.invoke(callOf("unary", bytes(16_384))));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  await transport.invoke(callOf("unary"));
  await transport.invoke(callOf("unary", bytes(30_000)));
  assert.equal(server.callCount(), 2);
});
