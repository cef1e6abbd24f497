// What one client may hold or flood: silence, half a preface, header sizes, streams, resets.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttp1 } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import {
  askHttp1,
  askHttp2,
  askSession,
  openListener,
  openSocket,
  readAll,
  text,
  until,
  versions,
} from "./open-listener.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = "\0\0\0\x04\0\0\0\0\0";
const ok = async () => text(200, "ok");

const silent: readonly [reason: string, bytes: string | undefined, answer: RegExp][] = [
  ["sends nothing", undefined, /^$/],
  ["sends two bytes", "PR", /^$/],
  ["sends half a preface", preface.slice(0, 12), /^$/],
  ["sends a preface that goes wrong", "PRI * HTTP/1.1\r\n\r\n", /^$/],
  ["sends a preface and no SETTINGS", preface, /^/],
  ["sends half a request line", "GET /", /^HTTP\/1\.1 408 /],
  ["sends a header that never ends", "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n", /^HTTP\/1\.1 408 /],
];
for (const [reason, bytes, answer] of silent) {
  test(`a client that ${reason} is closed`, async (t) => {
    const listener = await openListener(t, ok, { limits: { firstBytesMs: 40, headerMs: 40, sweepMs: 10 } });
    const socket = await openSocket(listener.port, bytes);
    assert.match(await readAll(socket), answer);
    assert.equal(listener.errors.length, 1, listener.errors.join());
    assert.equal((await askHttp1(listener.port)).body, "ok");
  });
}

test("a client that says its first bytes one by one is understood, in both versions", async (t) => {
  const listener = await openListener(t, ok);
  const dribble = async (socket: Socket, bytes: string): Promise<void> => {
    for (const byte of bytes) {
      socket.write(byte, "latin1");
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const old = await openSocket(listener.port);
  old.setNoDelay(true);
  await dribble(old, "PATCH / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert.match(await readAll(old), /^HTTP\/1\.1 200 /);
  const modern = await openSocket(listener.port);
  modern.setNoDelay(true);
  await dribble(modern, preface + emptySettings);
  const [frames] = await once(modern, "data");
  assert.equal((frames as Buffer)[3], 4, "the server's SETTINGS");
  modern.destroy();
});

test("a client that leaves before it said anything is no error", async (t) => {
  const listener = await openListener(t, ok);
  (await openSocket(listener.port)).end();
  (await openSocket(listener.port, "PRI")).resetAndDestroy();
  (await openSocket(listener.port, "GE")).end();
  assert.equal((await askHttp1(listener.port)).body, "ok");
  assert.deepEqual(listener.errors, []);
});

test("HTTP/1.1: a header over the limit is 431, one below it passes", async (t) => {
  const listener = await openListener(t, ok, { limits: { maxHeaderBytes: 1000 } });
  assert.equal((await askHttp1(listener.port, { header: { x: "a".repeat(800) } })).status, 200);
  assert.equal((await askHttp1(listener.port, { header: { x: "a".repeat(1200) } })).status, 431);
  assert.equal((await askHttp1(listener.port, { path: `/${"a".repeat(1200)}` })).status, 431);
});

test("HTTP/2: a header over the limit in bytes or entries is refused, one below it passes", async (t) => {
  const listener = await openListener(t, ok, { limits: { maxHeaderBytes: 1000, maxHeaderPairs: 20 } });
  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "y"]));
  assert.equal((await askHttp2(listener.port, { header: { x: "a".repeat(600) } })).status, 200);
  assert.equal((await askHttp2(listener.port, { header: pairs(14) })).status, 200);
  // On the first request of a connection the client does not know the limit and gets a proper answer.
  assert.equal((await askHttp2(listener.port, { header: { x: "a".repeat(2000) } })).status, 431);
  await assert.rejects(askHttp2(listener.port, { header: pairs(40) }), /ENHANCE_YOUR_CALM/);
  assert.equal((await askHttp2(listener.port)).status, 200);
});

for (const { name, ask } of versions) {
  test(`${name}: a header of 24 KiB, as large tokens and cookies make them, passes by default`, async (t) => {
    const listener = await openListener(t, ok);
    const header = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`x-${i}`, "a".repeat(8000)]));
    assert.equal((await ask(listener.port, { header })).status, 200);
  });
}

async function openSession(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  t.after(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}

test("HTTP/2: more streams at once than the limit wait at the client, and the server says the number", async (t) => {
  let most = 0;
  let open = 0;
  const listener = await openListener(
    t,
    async () => {
      open++;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      return text(200, "ok");
    },
    { limits: { maxConcurrentRequests: 4 } },
  );
  const session = await openSession(t, listener.port);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 4);
  const answers = await Promise.all(Array.from({ length: 20 }, () => askSession(session, {})));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(most, 4);
});

test("HTTP/2: a flood of resets ends the connection, and others are served", async (t) => {
  const listener = await openListener(t, () => new Promise(() => {}));
  const session = await openSession(t, listener.port);
  let closed = false;
  session.on("close", () => {
    closed = true;
  });
  while (!closed) {
    for (let i = 0; i < 100 && !session.destroyed && !session.closed; i++) {
      const stream = session.request({ ":path": "/" });
      stream.on("error", () => {});
      stream.close(8);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => listener.activeCount === 0);
  const other = await openSession(t, listener.port);
  assert.equal(other.destroyed, false);
});

test("HTTP/2: a flood of SETTINGS or PING whose answers are not read ends the connection", async (t) => {
  for (const frame of [emptySettings, "\0\0\x08\x06\0\0\0\0\0pingping"]) {
    const listener = await openListener(t, ok);
    const socket = await openSocket(listener.port, preface + emptySettings);
    socket.pause();
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    const flood = Buffer.from(frame.repeat(2000), "latin1");
    for (let i = 0; i < 2000 && !closed; i++) {
      socket.write(flood);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await until(() => closed);
    assert.match(listener.errors.join(), /HTTP\/2/);
  }
});

test("HTTP/2: a connection without streams is asked to go after a while, one with a stream is not", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(
    t,
    async () => {
      await go.promise;
      return text(200, "ok");
    },
    { limits: { http2IdleMs: 40, sweepMs: 10 } },
  );
  const idle = await openSession(t, listener.port);
  const busy = await openSession(t, listener.port);
  const answer = askSession(busy, {});
  await until(() => idle.closed);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(busy.closed, false);
  go.resolve();
  assert.equal((await answer).status, 200);
  await until(() => busy.closed);
});

test("HTTP/1.1: a connection is closed when it has idled between requests", async (t) => {
  const listener = await openListener(t, ok, { limits: { keepAliveMs: 20 } });
  const socket = await openSocket(listener.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert.match(await readAll(socket), /^HTTP\/1\.1 200 [\s\S]*ok$/);
});

test("connections beyond the limit are closed, those within it served", async (t) => {
  const listener = await openListener(t, ok, { limits: { maxConnections: 2 } });
  const first = await openSocket(listener.port);
  const second = await openSocket(listener.port);
  assert.equal(await readAll(await openSocket(listener.port)), "");
  first.destroy();
  second.destroy();
  await once(second, "close");
  const outgoing = requestHttp1({ host: "127.0.0.1", port: listener.port, agent: false }).end();
  outgoing.on("error", () => {});
  await once(outgoing, "close");
});

test("HTTP/2: no frame of garbage brings the process down", async (t) => {
  const listener = await openListener(t, ok);
  for (let seed = 0; seed < 200; seed++) {
    const bytes = Array.from({ length: 64 }, (_, i) =>
      String.fromCharCode((seed * 31 + i * i * 17) & 0xff),
    ).join("");
    const socket = await openSocket(listener.port, preface + (seed % 2 === 0 ? emptySettings : "") + bytes);
    socket.resume();
    socket.end();
    if (seed % 20 === 0) await once(socket, "close");
  }
  assert.equal((await askHttp2(listener.port)).status, 200);
});
