// Clients of RPC protocols that want the gateway's memory, its sockets or its backend's calls: thousands of streams that
// promise and do not send, rest and do not read. Meanwhile others are answered; afterwards the backend has no call left,
// and the gateway, once it has collected its garbage, holds what it held before.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { eventually } from "../matrix/eventually.ts";
import { envelope } from "./crooked-backend.ts";
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
  frame,
  frameType,
  headerBlock,
  openRaw,
  preface,
  reset,
  settings,
} from "./raw-client.ts";
import { pathOf } from "./rpc-edges.ts";
import { startTarget, type TargetBackend, writeTargetSet } from "./target-backend.ts";

let backend: TargetBackend;
let gateway: FiredGateway;
let resting: number | undefined;

/** On SIGUSR2 the gateway collects its garbage and says what is left, in megabytes. */
const collector = `process.on("SIGUSR2",()=>{gc();gc();const m=process.memoryUsage();console.error("held "+Math.round((m.heapUsed+m.external)/1e6)+".")})`;

before(async () => {
  const inherited = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `${inherited ?? ""} --expose-gc --import=data:text/javascript,${encodeURIComponent(collector)}`;
  backend = await startTarget();
  try {
    gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  } finally {
    if (inherited === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = inherited;
  }
  await untilReady(gateway);
  resting = openDescriptors(gateway.pid);
});
after(async () => {
  try {
    assert.equal(await gateway.close(), 0);
  } finally {
    backend.close();
  }
});

/** About 37 MB at rest; what a leak of any of these attacks would leave is several times as much. */
const mostHeldMegabytes = 80;
/** Far above what these attacks need at their height, far below what they would cost without limits. */
const mostMegabytes = 900;

async function assertRecovers(): Promise<void> {
  await eventually(async () => assert.equal((await gateway.call("/v1/echo/a")).status, 200));
  await eventually(async () => {
    assert.equal(backend.active(), 0, "calls are left on the backend");
    const open = openDescriptors(gateway.pid);
    if (open !== undefined && resting !== undefined) assert.ok(open <= resting + 3, `${open} open`);
  });
  const said = gateway.output().match(/held \d+\./g)?.length ?? 0;
  gateway.kill("SIGUSR2");
  await eventually(async () => {
    const all = gateway.output().match(/held \d+\./g) ?? [];
    assert.ok(all.length > said);
    const held = all.at(-1) ?? "";
    assert.ok(Number(held.slice(5, -1)) < mostHeldMegabytes, held);
  });
}

async function renewBackend(): Promise<void> {
  backend.close();
  backend = await startTarget(Number(backend.target.split(":")[1]));
  await eventually(async () => assert.equal((await gateway.call("/v1/echo/a")).status, 200));
}

interface Attack {
  readonly path: string;
  readonly type?: string;
  readonly fields?: readonly (readonly [string, string])[];
  /** What each stream says at once, in DATA frames. */
  readonly data: readonly Buffer[];
  readonly ends?: boolean;
  readonly streams: number;
  /** Window that we grant each stream; default: HTTP/2's. */
  readonly window?: number;
  /** Calls that wait at the backend meanwhile. */
  readonly active?: number;
}

const perConnection = 100;

async function open(attack: Attack): Promise<readonly Socket[]> {
  const { path, type = "application/grpc", fields = [], data, ends = false, streams, window } = attack;
  const block = headerBlock(
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "h"],
    [":path", pathOf(path)],
    ["content-type", type],
    ["te", "trailers"],
    ...fields,
  );
  const sockets: Socket[] = [];
  for (let from = 0; from < streams; from += perConnection) {
    const socket = await openRaw(gateway.port);
    socket.resume();
    const pieces = [preface, window === undefined ? settings() : settings([4, window])];
    for (let id = 1; id < 2 * Math.min(perConnection, streams - from); id += 2) {
      pieces.push(frame(frameType.headers, endHeaders, id, block));
      for (const [i, bytes] of data.entries()) {
        const flags = ends && i === data.length - 1 ? endStream : 0;
        pieces.push(frame(frameType.data, flags, id, bytes));
      }
    }
    pieces.push(frame(frameType.ping, 0, 0, Buffer.alloc(8)));
    const heard = untilPong(socket);
    socket.write(Buffer.concat(pieces));
    await heard;
    sockets.push(socket);
  }
  return sockets;
}

/** Frames are read in order: with the answer to a ping the gateway has seen all that was said before. */
function untilPong(socket: Socket): Promise<void> {
  const pong = frame(frameType.ping, 1, 0, Buffer.alloc(8));
  return new Promise((resolve) => {
    let tail = Buffer.alloc(0);
    const read = (piece: Buffer): void => {
      tail = Buffer.concat([tail, piece]);
      if (tail.includes(pong)) {
        socket.off("data", read).resume();
        resolve();
      } else tail = Buffer.from(tail.subarray(-pong.length));
    };
    socket.on("data", read).once("close", resolve);
  });
}

const limit = 4 * 1024 * 1024;
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const watch = "/grpc.health.v1.Health/Watch";
const byFile = envelope(Buffer.from("\x22\x0fhostile.v1.Item", "latin1"));
const drips = [...Buffer.concat([envelope(Buffer.alloc(150))])].map((byte) => Buffer.of(byte));

const attacks: readonly [reason: string, attack: Attack][] = [
  [
    "10,000 streams that promise 4 GiB",
    { path: "Echo", data: [envelope(Buffer.of(1), 0, 0xffffffff)], streams: 10_000 },
  ],
  [
    "10,000 streams that promise the limit and send no more",
    { path: "Echo", data: [envelope(Buffer.of(1), 0, limit)], streams: 10_000 },
  ],
  [
    "the same over Connect",
    {
      path: "Collect",
      type: "application/connect+json",
      data: [envelope(Buffer.of(1), 0, limit)],
      streams: 2_000,
      active: 2_000,
    },
  ],
  [
    "the same over gRPC-Web text",
    { path: "Echo", type: "application/grpc-web-text", data: [Buffer.from("AABAAAA")], streams: 2_000 },
  ],
  ["300 streams byte by byte", { path: "Echo", data: drips, streams: 300 }],
  [
    "1,000 client streams that rest",
    { path: "Collect", data: [envelope(Buffer.alloc(0))], streams: 1_000, active: 1_000 },
  ],
  [
    "500 streams that are poured at and read nothing",
    { path: "Pour", data: [envelope(Buffer.alloc(0))], ends: true, streams: 500, window: 0, active: 500 },
  ],
  [
    "300 streams that ask reflection 600 times for a file and read nothing",
    {
      path: reflection,
      data: Array<Buffer>(6).fill(Buffer.concat(Array<Buffer>(100).fill(byFile))),
      streams: 300,
      window: 0,
    },
  ],
  ["3,000 watches", { path: watch, data: [envelope(Buffer.alloc(0))], ends: true, streams: 3_000 }],
  [
    "1,000 calls whose deadline passes at once",
    {
      path: "Hold",
      fields: [["grpc-timeout", "1n"]],
      data: [envelope(Buffer.alloc(0))],
      ends: true,
      streams: 1_000,
    },
  ],
];

for (const [reason, attack] of attacks) {
  test(`${reason}: others are answered, and nothing is left`, async () => {
    if (attack.active !== undefined) await renewBackend();
    const sockets = await open(attack);
    try {
      if (attack.active !== undefined) {
        await eventually(async () => assert.equal(backend.active(), attack.active));
      }
      for (let i = 0; i < 5; i++) assert.equal((await gateway.call("/v1/echo/a")).status, 200);
      const resident = residentMegabytes(gateway.pid) ?? 0;
      assert.ok(resident < mostMegabytes, `${resident} MB`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await assertRecovers();
  });
}

test("3,000 WebSockets that are opened and never used cost little and hold nobody up", async () => {
  const sockets: Socket[] = [];
  const opened: Promise<unknown>[] = [];
  for (let i = 0; i < 3_000; i++) {
    const socket = await openRaw(gateway.port);
    opened.push(new Promise((resolve) => socket.once("data", resolve)));
    socket.write(
      `GET ${pathOf("Talk")} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
    sockets.push(socket);
  }
  for (const answer of await Promise.all(opened)) assert.match(String(answer), /^HTTP\/1\.1 101 /);
  assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  const resident = residentMegabytes(gateway.pid) ?? 0;
  assert.ok(resident < mostMegabytes, `${resident} MB`);
  // Every other one without a word.
  for (const [i, socket] of sockets.entries()) i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy();
  await assertRecovers();
});

test("gRPC calls that are reset as soon as they are made end their connection, and no call is left", async () => {
  await renewBackend();
  const [socket] = await open({ path: "Talk", data: [envelope(Buffer.alloc(0))], streams: 1 });
  assert.ok(socket);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const block = headerBlock(
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "h"],
    [":path", pathOf("Talk")],
    ["content-type", "application/grpc"],
  );
  for (let id = 3; id < 20_000 && !socket.destroyed; id += 2) {
    const call = Buffer.concat([frame(frameType.headers, endHeaders, id, block), reset(id)]);
    if (!socket.write(call)) await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  await assertRecovers();
});
