// The listener's door for WebSockets: who gets in, and what others are answered.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import { authorityCert, clientCert, clientKey, serverCert, serverKey } from "./certificates.ts";
import { accepting, echo, openDoor } from "./open-door.ts";
import { askHttp1, openListener, openSocket, readAll, text, until } from "./open-listener.ts";
import { handshake, openWebSocket, rawFrame } from "./websocket-client.ts";

test("text and binary frames go both ways, also those that came with the handshake", async (t) => {
  const listener = await openDoor(t, accepting(echo));
  const { ws, next, closed } = await openWebSocket(`${listener.url}/ws`);
  ws.send("héllo");
  ws.send(Buffer.from([0, 255]));
  assert.equal(await next(), "héllo");
  assert.deepEqual(await next(), Buffer.from([0, 255]));
  ws.close();
  assert.equal((await closed).code, 1005);

  const early = await openSocket(listener.port);
  early.write(Buffer.concat([Buffer.from(handshake("/ws")), rawFrame(0x81, "early")]));
  let seen = "";
  early.setEncoding("latin1").on("data", (piece: string) => {
    seen += piece;
  });
  await until(() => seen.endsWith("\x81\x05early"));
  assert.match(seen, /^HTTP\/1.1 101 /);
  early.destroy();
  assert.deepEqual(listener.errors, []);
});

test("the protocol's choice of subprotocol is answered, and compression never", async (t) => {
  const listener = await openDoor(t, accepting(echo));
  const { ws } = await openWebSocket(`${listener.url}/ws`, { subprotocols: ["a", "b"] });
  assert.equal(ws.protocol, "b");
  assert.equal(ws.extensions, "");
  ws.terminate();
});

test("a handshake is a request like others: target, header, address, signal", async (t) => {
  const seen = Promise.withResolvers<HttpRequest>();
  const listener = await openDoor(
    t,
    accepting(async (channel, request) => {
      seen.resolve(request);
      await echo(channel);
    }),
  );
  const { ws } = await openWebSocket(`${listener.url}/ws/%2F?a=%20`, { header: { "X-Tag": "1" } });
  const request = await seen.promise;
  assert.equal(request.path, "/ws/%2F");
  assert.equal(request.query, "a=%20");
  assert.equal(request.header.get("x-tag"), "1");
  assert.equal(request.remoteAddress, "127.0.0.1");
  assert.equal(request.signal.aborted, false);
  assert.equal(listener.activeCount, 1);
  ws.terminate();
  await until(() => request.signal.aborted);
  await until(() => listener.activeCount === 0);
});

test("a request that a protocol does not know is answered like any other, and one it refuses as it says", async (t) => {
  const listener = await openDoor(t, async (request) => {
    if (request.path !== "/refused") return undefined;
    return { kind: "refused", response: text(403, "no") };
  });
  for (const [path, status, body] of [
    ["/known", 200, "known"],
    ["/nowhere", 404, "404 fallback /nowhere"],
    ["/refused", 403, "no"],
  ] as const) {
    const answer = await readAll(await openSocket(listener.port, handshake(path)));
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, /connection: close/i);
    assert.ok(answer.endsWith(`\r\n\r\n${body}`), answer);
  }
  assert.equal(listener.activeCount, 0);
});

test("what does not ask for a WebSocket properly is an ordinary request, or told what is wrong", async (t) => {
  const listener = await openDoor(t, accepting(echo));
  const said = (path: string, change: (head: string) => string): Promise<string> =>
    openSocket(listener.port, change(handshake(path, ["Connection: close"]))).then(readAll);
  const ordinary = /^HTTP\/1.1 200 [\s\S]*known$/;
  // `Upgrade` is an offer, which a server may ignore.
  assert.match(await said("/known", (head) => head.replace("Upgrade: websocket", "Upgrade: h2c")), ordinary);
  assert.match(await said("/known", (head) => head.replace("GET", "DELETE")), ordinary);
  assert.match(await said("/known", (head) => head.replace("Connection: Upgrade\r\n", "")), ordinary);
  // A body that is no frame, and would be taken for one.
  const withBody = await openSocket(
    listener.port,
    handshake("/ws", ["Content-Length: 3", "Connection: close"]),
  );
  withBody.write("abc");
  assert.match(await readAll(withBody), /^HTTP\/1.1 404 /);

  const refused = async (change: (head: string) => string): Promise<string> =>
    readAll(await openSocket(listener.port, change(handshake("/ws"))));
  const otherVersion = await refused((head) => head.replace("Version: 13", "Version: 8"));
  assert.match(otherVersion, /^HTTP\/1.1 426 [\s\S]*sec-websocket-version: 13/i);
  assert.match(await refused((head) => head.replace("dGhlIHNhbXBsZSBub25jZQ==", "short")), /^HTTP\/1.1 400 /);
  for (const list of ["a,,b", "a b", "a, a"]) {
    const answer = await refused((head) =>
      head.replace("Host: h", `Host: h\r\nSec-WebSocket-Protocol: ${list}`),
    );
    assert.match(answer, /^HTTP\/1.1 400 /, list);
  }
  assert.match(await refused((head) => head.replace("Host: h", "Host: h\r\nHost: g")), /^HTTP\/1.1 400 /);
  assert.equal(listener.activeCount, 0);
});

test("behind a request that waits for its answer a WebSocket is an ordinary request", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(
    t,
    async (request) => {
      if (request.path === "/slow") await go.promise;
      return text(200, request.path);
    },
    { upgrade: accepting(echo) },
  );
  const socket = await openSocket(listener.port, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => listener.activeCount === 1);
  socket.write(handshake("/ws", ["Connection: close"]));
  await until(() => listener.activeCount === 2);
  go.resolve();
  const seen = await readAll(socket);
  assert.deepEqual(seen.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"]);
  assert.doesNotMatch(seen, / 101 /);
});

test("without a handler for upgrades requests for one are ordinary", async (t) => {
  const listener = await openDoor(t, undefined);
  const answer = await askHttp1(listener.port, {
    path: "/known",
    header: { connection: "Upgrade", upgrade: "websocket" },
  });
  assert.equal(answer.body, "known");
});

test("over TLS it is the same, and who the certificate says the client is, is known", async (t) => {
  const seen = Promise.withResolvers<HttpRequest>();
  const listener = await openListener(t, async () => undefined, {
    tls: { cert: serverCert, key: serverKey, clientCa: authorityCert },
    upgrade: accepting(async (channel, request) => {
      seen.resolve(request);
      await echo(channel);
    }),
    limits: { pingMs: 30, sweepMs: 10 },
  });
  const tls = { ca: authorityCert, cert: clientCert, key: clientKey, servername: "localhost" };
  const { ws, next, closed } = await openWebSocket(`${listener.url}/ws`, { tls });
  const request = await seen.promise;
  assert.equal(request.scheme, "https");
  assert.match(request.principal?.subject ?? "", /CN=/);
  const large = Buffer.alloc(900_000, 7);
  ws.send(large);
  assert.deepEqual(await next(), large);
  let pings = 0;
  ws.on("ping", () => pings++);
  await until(() => pings > 3);
  await listener.close(0);
  assert.equal((await closed).code, 1001);
});
