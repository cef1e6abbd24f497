// What is particular to this transport; the contract that it shares stands in test/contract/transport.test.ts.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { callOf, errorOf, using } from "../contract/transport.ts";
import { startBackend } from "../contract/transport-backend.ts";

test("a backend that closes every connection it accepts is not hammered", async () => {
  let sessionCount = 0;
  const server = createServer();
  server.on("session", (session) => {
    sessionCount++;
    session.on("remoteSettings", () => session.close());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = { host: "127.0.0.1", port: (server.address() as AddressInfo).port, tls: false };
  {
    await using transport = using(
      createGrpcJsTransport({ target, reconnect: { initialMs: 100, maxMs: 100 } }),
    );
    transport.connect();
    await sleep(350);
    assert.ok(sessionCount >= 1 && sessionCount <= 6, `${sessionCount} connections`);
  }
  server.close();
});

test("transports to the same target do not share their fate", async () => {
  await using backend = await startBackend({ Unary: (call, callback) => callback(null, call.request) });
  const first = createGrpcJsTransport({ target: backend.target });
  await using second = using(createGrpcJsTransport({ target: backend.target }));
  await first.invoke(callOf("unary"));
  await second.invoke(callOf("unary"));
  await first.close();
  await second.invoke(callOf("unary"));
  assert.equal(second.status().state, "ready");
});

test("an upstream's address is in the cause of an error, for the log, and not in its text", async () => {
  await using backend = await startBackend({
    Unary: (_, callback) => callback({ code: 14, details: "draining" }),
  });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  const error = await errorOf(transport.invoke(callOf("unary")));
  assert.equal(error.rawMessage, "draining");
  assert.ok(error.cause instanceof Error && error.cause.message.includes(`127.0.0.1:${backend.target.port}`));
});

test("many calls leave no listeners on a signal they share", async () => {
  await using backend = await startBackend({ Unary: (call, callback) => callback(null, call.request) });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  let listenerCount = 0;
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listenerCount++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listenerCount--;
    remove(...args);
  };
  for (let i = 0; i < 20; i++) await transport.invoke(callOf("unary", { signal }));
  assert.equal(listenerCount, 0);
});
