// The contract of `Transport`: its connections. Lost, refused, silent, foreign, encrypted, found again, let go.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { createDeadline } from "../../src/rpc/deadline.ts";
import { Header } from "../../src/rpc/header.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import type { ChannelStatus, Transport } from "../../src/upstream/upstream.ts";
import {
  bytesOf,
  type CreateTransport,
  callOf,
  errorOf,
  readAll,
  streamReply,
  textOf,
  unaryReply,
  using,
} from "./transport.ts";
import {
  type BackendHandlers,
  closedPort,
  startBackend,
  startCuttableProxy,
  startRawPeer,
} from "./transport-backend.ts";

const echo: BackendHandlers = {
  Unary: (call, callback) => callback(null, call.request),
  Bidi(call) {
    call.on("data", (message) => call.write(message));
    call.on("end", () => call.end());
  },
};
const fast = { initialMs: 20, maxMs: 100 };

/** Resolves when the status is as wanted. */
function statusWhen(
  transport: Transport,
  wanted: (status: ChannelStatus) => boolean,
): Promise<ChannelStatus> {
  if (wanted(transport.status())) return Promise.resolve(transport.status());
  return new Promise((resolve) => {
    const stop = transport.onStatus((status) => {
      if (!wanted(status)) return;
      stop();
      resolve(status);
    });
  });
}

function createCertificate(): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "protogate-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=backend.test", "-addext", "subjectAltName=DNS:backend.test,IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  try {
    execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function describeTransportConnection(name: string, create: CreateTransport): void {
  describe(`${name} keeps a connection`, { timeout: 30_000 }, () => {
    test("nothing connects before the first call", async () => {
      let connectionCount = 0;
      await using peer = await startRawPeer(() => connectionCount++);
      await using transport = using(create({ target: peer.target }));
      await sleep(20);
      assert.equal(connectionCount, 0);
      assert.equal(transport.status().state, "idle");
    });

    test("connect() connects without a call, and tells its listeners", async () => {
      await using backend = await startBackend(echo);
      await using transport = using(create({ target: backend.target }));
      const states: string[] = [];
      const stop = transport.onStatus(({ state }) => states.push(state));
      transport.connect();
      const { sinceMs, lastError } = await statusWhen(transport, ({ state }) => state === "ready");
      assert.deepEqual(states, ["connecting", "ready"]);
      assert.equal(lastError, undefined);
      assert.ok(Math.abs(Date.now() - sinceMs) < 10_000);
      stop();
      await transport.close();
      assert.deepEqual(states, ["connecting", "ready"]);
    });

    test("calls at the same time share a connection", async () => {
      await using backend = await startBackend(echo);
      let connectionCount = 0;
      await using proxy = await startCuttableProxy(backend.target, () => connectionCount++);
      await using transport = using(create({ target: proxy.target }));
      const calls = ["a", "b", "c"].map((message) =>
        unaryReply(transport.invoke(callOf("unary", { message }))),
      );
      assert.deepEqual(
        (await Promise.all(calls)).map(({ message }) => textOf(message)),
        ["a", "b", "c"],
      );
      assert.equal(connectionCount, 1);
    });

    test("a refused connection is UNAVAILABLE; the status says where, the client only why", async () => {
      const port = await closedPort();
      await using transport = using(create({ target: { host: "127.0.0.1", port, tls: false } }));
      const error = await errorOf(transport.invoke(callOf("unary")));
      assert.deepEqual(
        [error.code, error.rawMessage],
        [Code.UNAVAILABLE, "cannot reach the backend: connection refused"],
      );
      assert.ok(error.cause instanceof Error && error.cause.message.includes(`127.0.0.1:${port}`));
      const status = await statusWhen(transport, ({ lastError }) => lastError !== undefined);
      assert.equal(status.state, "transient_failure");
      assert.equal(status.lastError, `connection refused (127.0.0.1:${port})`);
    });

    test("connect() to nobody ends in transient failure, with the reason", async () => {
      const port = await closedPort();
      await using transport = using(create({ target: { host: "127.0.0.1", port, tls: false } }));
      transport.connect();
      const status = await statusWhen(transport, ({ state }) => state === "transient_failure");
      assert.equal(
        (await statusWhen(transport, (s) => s.lastError !== undefined)).lastError,
        status.lastError,
      );
    });

    test("a host that does not exist is UNAVAILABLE", async () => {
      // A label of 64 characters is refused by the resolver itself, so that nothing is asked of a network.
      const host = `${"x".repeat(64)}.localhost`;
      await using transport = using(create({ target: { host, port: 1, tls: false } }));
      const error = await errorOf(transport.invoke(callOf("unary", { deadline: createDeadline(20_000) })));
      assert.equal(error.code, Code.UNAVAILABLE);
      assert.equal(transport.status().lastError, `host name not found (${host}:1)`);
    });

    test("a connection that is cut fails its calls with UNAVAILABLE, and the next call opens another", async () => {
      await using backend = await startBackend(echo);
      await using proxy = await startCuttableProxy(backend.target);
      await using transport = using(create({ target: proxy.target, reconnect: fast }));
      const silence = Promise.withResolvers<void>();
      async function* talk(): AsyncIterable<Uint8Array> {
        yield bytesOf("a");
        await silence.promise;
      }
      const reply = await streamReply(transport.invoke(callOf("bidi_streaming", { messages: talk() })));
      const iterator = reply.messages[Symbol.asyncIterator]();
      assert.equal((await iterator.next()).done, false);
      proxy.cut();
      assert.equal((await errorOf(iterator.next())).code, Code.UNAVAILABLE);
      silence.resolve();
      assert.equal(
        textOf((await unaryReply(transport.invoke(callOf("unary", { message: "b" })))).message),
        "b",
      );
    });

    test("a backend that comes back on its port is found again, without a call", async () => {
      const first = await startBackend(echo);
      const { target } = first;
      await using transport = using(create({ target, reconnect: fast }));
      transport.connect();
      await statusWhen(transport, ({ state }) => state === "ready");
      await first[Symbol.asyncDispose]();
      const lost = await statusWhen(transport, ({ state }) => state === "transient_failure");
      assert.equal(lost.lastError, `connection refused (127.0.0.1:${target.port})`);
      assert.equal((await errorOf(transport.invoke(callOf("unary")))).code, Code.UNAVAILABLE);
      await using _second = await startBackend(echo, { port: target.port });
      const found = await statusWhen(transport, ({ state }) => state === "ready");
      assert.equal(found.lastError, undefined);
      await transport.invoke(callOf("unary"));
    });

    test("a peer that accepts and never speaks: a deadline ends the call", async () => {
      await using peer = await startRawPeer(() => {});
      await using transport = using(create({ target: peer.target }));
      const error = await errorOf(transport.invoke(callOf("unary", { deadline: createDeadline(50) })));
      assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    });

    for (const tls of [false, true]) {
      test(`a peer that accepts and never speaks is given up, ${tls ? "with" : "without"} TLS`, async () => {
        const closed = Promise.withResolvers<void>();
        await using peer = await startRawPeer((socket) =>
          socket.on("close", () => closed.resolve()).resume(),
        );
        const target = { ...peer.target, tls };
        await using transport = using(create({ target, handshakeLimitMs: 50 }));
        const error = await errorOf(transport.invoke(callOf("unary")));
        assert.equal(error.code, Code.UNAVAILABLE);
        assert.match(error.rawMessage, /did not begin HTTP\/2 within 50 ms/);
        await closed.promise;
      });
    }

    test("an HTTP/1.1 server is UNAVAILABLE and called by its name", async () => {
      await using peer = await startRawPeer((socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
      });
      await using transport = using(create({ target: peer.target }));
      const error = await errorOf(transport.invoke(callOf("unary")));
      assert.deepEqual(
        [error.code, error.rawMessage],
        [Code.UNAVAILABLE, "cannot reach the backend: not an HTTP/2 server"],
      );
    });

    test("TLS: a backend that a given authority vouches for is trusted, under its name or another", async () => {
      const tls = createCertificate();
      await using backend = await startBackend(echo, { tls });
      for (const serverName of [undefined, "backend.test"]) {
        const trust = { ca: tls.cert, ...(serverName !== undefined && { serverName }) };
        await using transport = using(create({ target: backend.target, tls: trust }));
        assert.equal(
          textOf((await unaryReply(transport.invoke(callOf("unary", { message: "m" })))).message),
          "m",
        );
      }
    });

    test("TLS: a backend that nobody vouches for, or under a wrong name, is UNAVAILABLE", async () => {
      const tls = createCertificate();
      await using backend = await startBackend(echo, { tls });
      for (const trust of [{}, { ca: tls.cert, serverName: "other.test" }]) {
        await using transport = using(create({ target: backend.target, tls: trust }));
        const error = await errorOf(transport.invoke(callOf("unary")));
        assert.equal(error.code, Code.UNAVAILABLE);
        assert.match(error.rawMessage, /self-signed certificate|altnames/);
      }
    });

    test("no header can break the connection that other calls use", async () => {
      await using backend = await startBackend(echo);
      let connectionCount = 0;
      await using proxy = await startCuttableProxy(backend.target, () => connectionCount++);
      await using transport = using(create({ target: proxy.target }));
      const names = fc.constantFrom(
        "referer",
        "authorization",
        "connection",
        "te",
        "host",
        ":path",
        "a:b",
        "__proto__",
      );
      const odd = fc.constantFrom(
        "user-agent",
        "content-type",
        "grpc-timeout",
        "x-bin",
        "transfer-encoding",
        "",
        "é",
      );
      const pair = fc.tuple(fc.oneof(names, odd, fc.string()), fc.string({ unit: "binary" }));
      await fc.assert(
        fc.asyncProperty(fc.array(pair), async (pairs) => {
          const header = Header.of([...pairs, ...pairs]);
          const { message } = await unaryReply(transport.invoke(callOf("unary", { message: "m", header })));
          assert.equal(textOf(message), "m");
        }),
        { numRuns: 40 },
      );
      assert.equal(connectionCount, 1);
    });

    test("close() lets running calls end, refuses new ones, and may be called again", async () => {
      await using backend = await startBackend(echo);
      const transport = create({ target: backend.target });
      const goOn = Promise.withResolvers<void>();
      async function* talk(): AsyncIterable<Uint8Array> {
        yield bytesOf("a");
        await goOn.promise;
        yield bytesOf("b");
      }
      const reply = await streamReply(transport.invoke(callOf("bidi_streaming", { messages: talk() })));
      const closing = transport.close();
      assert.equal((await errorOf(transport.invoke(callOf("unary")))).code, Code.UNAVAILABLE);
      goOn.resolve();
      assert.deepEqual(await readAll(reply.messages), { texts: ["a", "b"] });
      await closing;
      await transport.close();
      transport.connect();
      assert.equal(transport.status().state, "shutdown");
      const { error } = await readAll(
        (async function* () {
          await transport.invoke(callOf("client_streaming", { messages: streamOf() }));
          yield bytesOf("never");
        })(),
      );
      assert.equal(error?.code, Code.UNAVAILABLE);
    });

    test("close() ends the connection", async () => {
      const closed = Promise.withResolvers<void>();
      await using backend = await startBackend(echo);
      await using proxy = await startCuttableProxy(backend.target, (socket) =>
        socket.on("close", closed.resolve),
      );
      const transport = create({ target: proxy.target });
      await transport.invoke(callOf("unary"));
      await transport.close();
      await closed.promise;
    });
  });
}
