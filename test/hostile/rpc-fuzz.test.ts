// Valid exchanges of every RPC protocol, each changed a little anywhere, over real sockets: nothing crashes the gateway,
// nothing leaves a call at the backend, and an honest client is answered at any time. The seed is printed by fast-check
// where something fails, and by the test before it begins.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { eventually } from "../matrix/eventually.ts";
import { envelope } from "./crooked-backend.ts";
import { type FiredGateway, scratchFolder, startFired, untilReady } from "./gateway-under-fire.ts";
import {
  endHeaders,
  endStream,
  frame,
  frameType,
  headerBlock,
  openRaw,
  preface,
  settings,
} from "./raw-client.ts";
import { pathOf } from "./rpc-edges.ts";
import { startTarget, type TargetBackend, writeTargetSet } from "./target-backend.ts";

let backend: TargetBackend;
let gateway: FiredGateway;

before(async () => {
  backend = await startTarget();
  gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
});
after(async () => {
  try {
    assert.equal(await gateway.close(), 0);
  } finally {
    backend.close();
  }
});

const item = Buffer.from("\x0a\x01a\x18\x07", "latin1");
const json = Buffer.from('{"text":"a","number":7}');
const http1 = (method: string, type: string, body: Buffer, more = ""): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST ${pathOf(method)} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTE: trailers\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
const http2 = (method: string, type: string, body: Buffer, ...more: [string, string][]): Buffer =>
  Buffer.concat([
    preface,
    settings(),
    frame(
      frameType.headers,
      endHeaders,
      1,
      headerBlock(
        [":method", "POST"],
        [":scheme", "http"],
        [":authority", "h"],
        [":path", pathOf(method)],
        ["content-type", type],
        ["te", "trailers"],
        ["x-note-bin", "AAEC"],
        ...more,
      ),
    ),
    frame(frameType.data, 0, 1, body.subarray(0, 7)),
    frame(frameType.data, endStream, 1, body.subarray(7)),
  ]);
const two = Buffer.concat([envelope(item), envelope(item)]);
const zipped = Buffer.concat([envelope(gzipSync(item), 1), envelope(gzipSync(item), 1)]);
/** A masked frame of a client; the mask is zero, so that the text can be read. */
const wsFrame = (opcode: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
const webSocket = (method: string, ...frames: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from(
      `GET ${pathOf(method)} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    ),
    ...frames,
  ]);

const exchanges: readonly [name: string, bytes: Buffer][] = [
  ["gRPC, unary", http2("Echo", "application/grpc", envelope(item), ["grpc-timeout", "5S"])],
  ["gRPC, bidi, compressed", http2("Talk", "application/grpc", zipped, ["grpc-encoding", "gzip"])],
  ["gRPC+json, client stream", http2("Collect", "application/grpc+json", envelope(json))],
  ["gRPC-Web", http1("Echo", "application/grpc-web+proto", envelope(item))],
  [
    "gRPC-Web text",
    http1("Rest", "application/grpc-web-text", Buffer.from(envelope(item).toString("base64"))),
  ],
  ["Connect, unary", http1("Echo", "application/json", json, "Connect-Timeout-Ms: 5000\r\n")],
  ["Connect, stream", http1("Talk", "application/connect+proto", two)],
  [
    "Connect, compressed",
    http1("Collect", "application/connect+proto", zipped, "Connect-Content-Encoding: gzip\r\n"),
  ],
  [
    "WebSocket",
    webSocket(
      "Talk",
      wsFrame(1, Buffer.from('{"header":{"a":"b"}}')),
      wsFrame(1, Buffer.from('{"message":{"text":"a"}}')),
      wsFrame(2, item),
      wsFrame(1, Buffer.from('{"halfClose":true}')),
    ),
  ],
  [
    "reflection",
    http2(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "application/grpc",
      envelope(Buffer.from("\x22\x0fhostile.v1.Item", "latin1")),
    ),
  ],
];

interface Change {
  readonly at: number;
  readonly drop: number;
  readonly put: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 }), fc.constant(1_000_000)),
  put: fc.oneof(
    fc.constant(new Uint8Array()),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(...["\r\n", "\0", "=", "%00", "{", "\xff\xff\xff\xff", "\r\n0\r\n\r\n"]).map(Buffer.from),
  ),
});

function apply(bytes: Buffer, { at, drop, put }: Change): Buffer {
  const start = Math.floor(at * bytes.length);
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + drop)]);
}

/** Says it, waits until the other side is silent for a moment or has closed, and goes away. */
async function say(bytes: Buffer, cut: boolean): Promise<void> {
  const socket = await openRaw(gateway.port);
  const over = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.setTimeout(15, () => resolve());
  });
  socket.resume();
  if (cut) socket.write(bytes);
  else socket.end(bytes);
  await over;
  if (cut) socket.resetAndDestroy();
  else socket.destroy();
}

/** What stands in the one or the other good answer. */
const answered = ["hostile", "\n\x01a", "\n\x011", "\n\x012", '"text":"', "AAAAAAMSAWE"];

test("each exchange is answered as long as nothing is changed", async () => {
  for (const [name, bytes] of exchanges) {
    const begun = backend.begun();
    const socket = await openRaw(gateway.port);
    let answer = "";
    socket.setEncoding("latin1").on("data", (piece: string) => {
      answer += piece;
    });
    socket.write(bytes);
    await eventually(async () =>
      assert.ok(
        answered.some((part) => answer.includes(part)),
        `${name}: ${answer}`,
      ),
    );
    if (name !== "reflection") assert.equal(backend.begun(), begun + 1, name);
    socket.destroy();
  }
});

for (const [name, bytes] of exchanges) {
  test(`${name}: whatever is changed in a valid exchange, nothing is left behind`, async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean()), {
          minLength: 10,
          maxLength: 10,
        }),
        async (batch) => {
          await Promise.all(batch.map(([changes, cut]) => say(changes.reduce(apply, bytes), cut)));
          const { status, text } = await gateway.call("/v1/echo/a");
          assert.equal(status, 200, text);
        },
      ),
      // What fails depends on more than the bytes: shrinking would only take its time.
      { seed, numRuns: 20, endOnFailure: true },
    );
    await eventually(async () => assert.equal(backend.active(), 0));
  });
}
