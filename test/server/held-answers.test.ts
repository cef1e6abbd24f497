// Answers that clients do not take: bounded for all connections together, the longest-resting given up first, and
// clients that move are served throughout.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:http2";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import type { HttpRequest, HttpResponse } from "../../src/wire/http-message.ts";
import { openRaw, preface, requestFrame, settings } from "../hostile/raw-client.ts";
import { askHttp2, askSession, openListener, text, until } from "./open-listener.ts";

const megabyte = 1024 * 1024;
const limits = { maxBufferedBytes: 8 * megabyte, leastStallMs: 30, sweepMs: 10 };

async function* pour(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(64 * 1024);
}

const handle = async (request: HttpRequest): Promise<HttpResponse> => {
  if (request.path === "/ok") return text(200, "ok");
  if (request.path === "/stream") return { httpStatus: 200, header: new Header(), body: pour() };
  return { httpStatus: 200, header: new Header(), body: Buffer.alloc(megabyte) };
};

/** A client whose HTTP/2 streams have no window, with `count` requests. */
async function openGreedy(t: TestContext, port: number, path: string, count: number): Promise<Socket> {
  const socket = await openRaw(port);
  t.after(() => socket.destroy());
  socket.resume();
  socket.write(Buffer.concat([preface, settings([4, 0])]));
  for (let i = 0; i < count; i++) socket.write(requestFrame(2 * i + 1, path));
  return socket;
}

for (const path of ["/reply", "/stream"]) {
  test(`HTTP/2: of ${path} to clients without a window only so much is held`, async (t) => {
    const listener = await openListener(t, handle, { limits });
    const most = path === "/reply" ? 8 : 32;
    for (let i = 0; i < 4; i++) await openGreedy(t, listener.port, path, 60);
    // All 240 have come, and what is over the limit has gone.
    await until(() => listener.activeCount > 0);
    await until(() => listener.activeCount <= most);
    assert.equal((await askHttp2(listener.port, { path: "/ok" })).body, "ok");
    assert.ok(listener.activeCount > 0, "what is within the limit rests on");
  });
}

test("HTTP/1.1: of answers to clients that do not read only so much is held", async (t) => {
  let asked = 0;
  const count = (request: HttpRequest): Promise<HttpResponse> => {
    if (request.path === "/stream") asked++;
    return handle(request);
  };
  const listener = await openListener(t, count, { limits });
  for (let i = 0; i < 60; i++) {
    const socket = await openRaw(listener.port);
    t.after(() => socket.destroy());
    socket.pause();
    socket.write("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  await until(() => asked === 60);
  await until(() => listener.activeCount <= 32);
  assert.equal((await askHttp2(listener.port, { path: "/ok" })).body, "ok");
});

test("a client that takes its answers gets them whole while others are given up", async (t) => {
  // Long enough that neither side's work in this one process looks like rest.
  const listener = await openListener(t, handle, { limits: { ...limits, leastStallMs: 1_000 } });
  const session = connect(`http://127.0.0.1:${listener.port}`);
  t.after(() => session.destroy());
  for (let i = 0; i < 4; i++) {
    await openGreedy(t, listener.port, "/reply", 30);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => askSession(session, { path: "/reply" })),
    );
    for (const { body } of answers) assert.equal(body.length, megabyte);
  }
});

for (const version of ["HTTP/1.1", "HTTP/1.1 with trailers", "HTTP/2"] as const) {
  test(`${version}: a large answer that is taken slowly is moving, however long it takes`, async (t) => {
    const slow = { ...limits, maxBufferedBytes: 1, leastStallMs: 300, stallMs: 300 };
    const size = 24 * megabyte;
    const withTrailer = version.endsWith("trailers");
    const trailer = withTrailer ? { trailer: async () => Header.of([["x-end", "1"]]) } : {};
    const reply = { httpStatus: 200, header: new Header(), body: Buffer.alloc(size, "a"), ...trailer };
    const listener = await openListener(t, async () => reply, { limits: slow });
    let source: Readable;
    if (version === "HTTP/2") {
      const session = connect(`http://127.0.0.1:${listener.port}`);
      t.after(() => session.destroy());
      source = session.request({ ":path": "/" });
    } else {
      const headers = withTrailer ? { te: "trailers", connection: "te" } : {};
      const outgoing = get({ host: "127.0.0.1", port: listener.port, agent: false, headers });
      [source] = (await once(outgoing, "response")) as [Readable];
    }
    let taken = 0;
    const beganMs = performance.now();
    for await (const piece of source) {
      taken += (piece as Buffer).length;
      // In proportion, so that the whole takes three times as long as a client may rest.
      const aheadMs = (taken / size) * 1_000 - (performance.now() - beganMs);
      if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
    assert.equal(taken, size);
  });
}

test("the limit alone cuts nobody off who has not rested", async (t) => {
  const listener = await openListener(t, handle, { limits: { ...limits, leastStallMs: 600_000 } });
  // Beyond 16 MiB a connection has a limit of its own.
  for (let i = 0; i < 2; i++) await openGreedy(t, listener.port, "/reply", 10);
  await until(() => listener.activeCount === 20);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(listener.activeCount, 20);
});
