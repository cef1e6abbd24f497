// Clients that attack the connection rather than the request: floods of HTTP/2 frames, bodies and replies that nobody
// takes, calls that are given up by the thousand. Afterwards the backend has no call left and the gateway no socket.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { eventually } from "../matrix/eventually.ts";
import {
  type FiredGateway,
  openDescriptors,
  residentMegabytes,
  scratchFolder,
  startFired,
  untilReady,
} from "./gateway-under-fire.ts";
import {
  endHeaders,
  endStream,
  flood,
  frame,
  frameType,
  headerBlock,
  openRaw,
  preface,
  requestBlock,
  requestFrame,
  reset,
  settings,
  windowUpdate,
} from "./raw-client.ts";
import { startTarget, type TargetBackend, writeTargetSet } from "./target-backend.ts";

let backend: TargetBackend;
let gateway: FiredGateway;
let restingDescriptors: number | undefined;

before(async () => {
  backend = await startTarget();
  gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
  restingDescriptors = openDescriptors(gateway.pid);
});
after(async () => {
  assert.equal(await gateway.close(), 0);
  backend.close();
});

/** Far above what these attacks need (about 250 MB), far below what they would cost without limits. */
const mostMegabytes = 700;

async function assertRecovers(): Promise<void> {
  // The calls given up so far may have cost the backend's connection, see `renewBackend`; it comes back by itself.
  await eventually(async () => assert.equal((await gateway.call("/v1/echo/a")).status, 200));
  await eventually(async () => {
    assert.equal(backend.active(), 0, "calls are left on the backend");
    const open = openDescriptors(gateway.pid);
    // The connection that asks may be one of them.
    if (open !== undefined && restingDescriptors !== undefined)
      assert.ok(open <= restingDescriptors + 3, `${open} open`);
  });
  const resident = residentMegabytes(gateway.pid);
  assert.ok((resident ?? 0) < mostMegabytes, `${resident} MB`);
}

/**
 * nghttp2, and so this backend, takes a thousand cancelled calls on a connection for an attack and ends it. Tests that
 * count what runs on the backend therefore begin with a new one.
 */
async function renewBackend(): Promise<void> {
  backend.close();
  backend = await startTarget(Number(backend.target.split(":")[1]));
  await untilReady(gateway);
  await eventually(async () => assert.equal((await gateway.call("/v1/echo/a")).status, 200));
}

async function openHttp2(...first: Buffer[]): Promise<Socket> {
  const socket = await openRaw(gateway.port);
  socket.write(Buffer.concat([preface, settings(), ...first]));
  return socket;
}

function* repeat(piece: Buffer, count: number): Iterable<Buffer> {
  const batch = Buffer.concat(Array<Buffer>(100).fill(piece));
  for (let i = 0; i < count; i += 100) yield batch;
}

const post = headerBlock(
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "h"],
  [":path", "/v1/collect"],
);

/** Each is answered by the end of its connection, long before the flood is through. */
const floods: readonly [reason: string, first: Buffer[], rest: () => Iterable<Buffer>][] = [
  [
    "20,000 calls that are reset at once",
    [],
    function* () {
      for (let id = 1; id < 40_000; id += 2) yield Buffer.concat([requestFrame(id, "/v1/hold"), reset(id)]);
    },
  ],
  [
    "a header in 20,000 CONTINUATION frames",
    [frame(frameType.headers, endStream, 1, requestBlock("/v1/echo/a"))],
    () => repeat(frame(frameType.continuation, 0, 1, headerBlock(["x", "y".repeat(1_000)])), 20_000),
  ],
  [
    "100,000 empty CONTINUATION frames",
    [frame(frameType.headers, endStream, 1, requestBlock("/v1/echo/a"))],
    () => repeat(frame(frameType.continuation, 0, 1), 100_000),
  ],
  [
    "a million PRIORITY frames",
    [],
    () => repeat(frame(frameType.priority, 0, 1, Buffer.from([0, 0, 0, 0, 16])), 1_000_000),
  ],
  [
    "a million empty DATA frames",
    [frame(frameType.headers, endHeaders, 1, post)],
    () => repeat(frame(frameType.data, 0, 1), 1_000_000),
  ],
  ["a frame larger than we said", [], () => [frame(frameType.data, 0, 1, Buffer.alloc(100_000))]],
  ["DATA on a stream that was never opened", [], () => [frame(frameType.data, 0, 7, Buffer.alloc(1))]],
  ["a stream number that is even", [], () => [requestFrame(2, "/v1/echo/a")]],
  ["PUSH_PROMISE by a client", [], () => [frame(frameType.push, endHeaders, 1, Buffer.from([0, 0, 0, 2]))]],
  ["a WINDOW_UPDATE of zero for the connection", [], () => [windowUpdate(0, 0)]],
  ["windows beyond 2^31", [], () => [windowUpdate(0, 0x7fffffff), windowUpdate(0, 0x7fffffff)]],
  [
    "a header block that is no HPACK",
    [],
    () => [frame(frameType.headers, endStream | endHeaders, 1, Buffer.alloc(50, 0xff))],
  ],
  ["a SETTINGS of five bytes", [], () => [frame(frameType.settings, 0, 0, Buffer.alloc(5))]],
  ["an initial window beyond 2^31", [], () => [settings([4, 0xffffffff])]],
];

for (const [reason, first, rest] of floods) {
  test(`${reason}: the connection ends and nothing else does`, async () => {
    const socket = await openHttp2(...first);
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await flood(socket, rest());
    await closed;
    await assertRecovers();
  });
}

test("floods of SETTINGS and PING by a client that reads no answer end its connection", async () => {
  for (const piece of [settings(), frame(frameType.ping, 0, 0, Buffer.alloc(8))]) {
    const socket = await openHttp2();
    socket.pause();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await flood(socket, repeat(piece, 2_000_000));
    socket.resume();
    await closed;
  }
  await assertRecovers();
});

test("header blocks that unpack to megabytes are refused and their connection lives", async () => {
  const socket = await openHttp2();
  socket.resume();
  // Puts one entry of 3.9 KB into the table and names it with one byte each.
  const stored = headerBlock(["x", "y".repeat(3_900)]);
  stored[0] = 0x40;
  socket.write(
    frame(frameType.headers, endStream | endHeaders, 1, Buffer.concat([requestBlock("/v1/echo/a"), stored])),
  );
  const bomb = Buffer.concat([requestBlock("/v1/echo/a"), Buffer.alloc(12_000, 0xbe)]);
  for (let id = 3; id < 100; id += 2)
    socket.write(frame(frameType.headers, endStream | endHeaders, id, bomb));
  await gateway.call("/v1/echo/a");
  socket.destroy();
  await assertRecovers();
});

test("streams of clients that give them no window rest, and end with their connections", async () => {
  await renewBackend();
  const sockets: Socket[] = [];
  for (let i = 0; i < 10; i++) {
    const socket = await openRaw(gateway.port);
    socket.write(Buffer.concat([preface, settings([4, 0])]));
    socket.resume();
    for (let id = 1; id < 40; id += 2) socket.write(requestFrame(id, "/v1/pour"));
    sockets.push(socket);
  }
  await eventually(async () => assert.equal(backend.active(), 200));
  assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  for (const socket of sockets) socket.destroy();
  await assertRecovers();
});

test("200 clients of server-sent events that never read hold nobody else up", async () => {
  await renewBackend();
  const sockets: Socket[] = [];
  for (let i = 0; i < 200; i++) {
    const socket = await openRaw(gateway.port);
    socket.pause();
    // Half of them rest, so that this is about clients and not about filling 200 sockets.
    const path = i % 10 === 0 ? "/v1/pour" : "/v1/rest";
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n`);
    sockets.push(socket);
  }
  await eventually(async () => assert.equal(backend.active(), 200));
  assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  for (const socket of sockets) socket.destroy();
  await assertRecovers();
});

const abandoned: readonly [reason: string, bytes: string, reachesBackend: boolean][] = [
  ["a call that is not answered", "GET /v1/hold HTTP/1.1\r\nHost: h\r\n\r\n", true],
  ["a stream that rests", "GET /v1/rest HTTP/1.1\r\nHost: h\r\n\r\n", true],
  [
    "an upload that has begun",
    "POST /v1/collect HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-ndjson\r\n\r\n3\r\n{}\n\r\n",
    true,
  ],
  ["a body that does not come", "POST /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{", false],
  [
    "a body that is announced",
    "POST /v1/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    false,
  ],
  ["half a header", "GET /v1/echo/a HTTP/1.1\r\nHost: h\r\nX:", false],
];

for (const [reason, bytes, reachesBackend] of abandoned) {
  test(`${reason}, given up 500 times at once, leaves nothing behind`, async () => {
    if (reachesBackend) await renewBackend();
    const sockets: Socket[] = [];
    for (let i = 0; i < 500; i++) {
      const socket = await openRaw(gateway.port);
      socket.resume();
      socket.write(bytes);
      sockets.push(socket);
    }
    if (reachesBackend) await eventually(async () => assert.equal(backend.active(), 500));
    // Every other one is reset, as a phone that loses its network would.
    for (const [i, socket] of sockets.entries()) i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy();
    await assertRecovers();
  });
}

test("1,000 calls over ten HTTP/2 connections, given up together, leave nothing behind", async () => {
  await renewBackend();
  const sockets: Socket[] = [];
  for (let i = 0; i < 10; i++) {
    const socket = await openHttp2();
    socket.resume();
    for (let id = 1; id < 200; id += 2) socket.write(requestFrame(id, "/v1/hold"));
    sockets.push(socket);
  }
  await eventually(async () => assert.equal(backend.active(), 1_000));
  for (const socket of sockets) socket.destroy();
  await assertRecovers();
});
