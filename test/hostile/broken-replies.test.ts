// Backends that answer what no gRPC library would: each call gets a proper error in well-formed JSON, nothing hangs,
// and the next call to the same backend is answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  answer,
  type Behaviour,
  type CrookedBackend,
  envelope,
  grpcHead,
  startCrooked,
  trailersOnly,
} from "./crooked-backend.ts";
import {
  type FiredGateway,
  residentMegabytes,
  scratchFolder,
  startFired,
  untilReady,
} from "./gateway-under-fire.ts";
import { writeTargetSet } from "./target-backend.ts";

let backend: CrookedBackend;
let gateway: FiredGateway;

before(async () => {
  backend = await startCrooked();
  gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
});
after(async () => {
  assert.equal(await gateway.close(), 0);
  await backend.close();
});

const item = Buffer.from("\x0a\x01a", "latin1");
const whole = envelope(item);
const trailer = (status: string, more = {}): Behaviour => answer(whole, { "grpc-status": status, ...more });
const failed = (more: Record<string, string>): Behaviour =>
  answer(Buffer.alloc(0), { "grpc-status": "5", ...more });
const encoded = (encoding: string, bytes: Buffer): Behaviour =>
  answer(envelope(bytes, 1), { "grpc-status": "0" }, { ...grpcHead, "grpc-encoding": encoding });
const page = (status: number): Behaviour =>
  answer(Buffer.from("<html>sorry</html>"), {}, { ":status": status, "content-type": "text/html" });
const headers = (entries: readonly (readonly [string, string])[]): Behaviour =>
  answer(whole, { "grpc-status": "0" }, { ...grpcHead, ...Object.fromEntries(entries) });

/** An Item within an Item, so many levels deep. */
function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth; i++)
    bytes = Buffer.concat([Buffer.from([0x2a, ...varint(bytes.length)]), bytes]);
  return bytes;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** google.rpc.Status with one detail that says it is an Item and is none. */
function falseDetail(): string {
  const url = Buffer.from("type.googleapis.com/hostile.v1.Item");
  const any = Buffer.concat([Buffer.from([0x0a, url.length]), url, Buffer.from([0x12, 2, 0x0a, 200])]);
  return Buffer.concat([Buffer.from([8, 5, 0x1a, any.length]), any]).toString("base64");
}

/** The code that a unary call and a stream end with; 0 = well. */
const replies: readonly [reason: string, behaviour: Behaviour, unary: number, stream: number][] = [
  ["text that is no UTF-8", answer(envelope(Buffer.from([0x0a, 2, 0xff, 0xfe]))), 13, 13],
  ["a message that breaks off", answer(envelope(Buffer.from([0x0a, 200]))), 13, 13],
  ["text for a message", answer(envelope(Buffer.from("hello, this is not protobuf"))), 13, 13],
  [
    "fields of other wire types: they are unknown fields",
    answer(envelope(Buffer.from([0x0d, 1, 2, 3, 4]))),
    0,
    0,
  ],
  ["messages 5,000 deep", answer(envelope(nested(5_000))), 13, 13],
  ["100,000 groups that do not end", answer(envelope(Buffer.alloc(100_000, 0x7b))), 13, 13],
  [
    "a Value that is NaN",
    answer(envelope(Buffer.from("\x32\x09\x11\0\0\0\0\0\0\xf8\x7f", "latin1"))),
    13,
    13,
  ],
  ["an envelope that breaks off and OK", answer(envelope(item, 0, 10)), 12, 13],
  ["three bytes of an envelope and OK", answer(Buffer.alloc(3)), 12, 13],
  ["an envelope that promises 4 GiB", answer(envelope(item, 0, 0xffffffff)), 8, 8],
  ["a compressed message and no encoding", answer(envelope(item, 1)), 13, 13],
  ["a compressed message of an unknown encoding", encoded("snappy", item), 13, 13],
  ["a gzip message that is none", encoded("gzip", item), 13, 13],
  ["a gzip message of 200 MB", encoded("gzip", gzipSync(Buffer.alloc(200 * 1024 * 1024))), 8, 8],
  ["no message", answer(Buffer.alloc(0)), 12, 0],
  ["two messages", answer(Buffer.concat([whole, whole])), 12, 0],
  ["a status beyond 16", trailer("17"), 17, 17],
  ["a negative status", trailer("-1"), 2, 2],
  ["a status beyond int32", trailer("99999999999999999999"), 2, 2],
  ["a status in words", trailer("NOT_FOUND"), 2, 2],
  ["no status in the trailers", answer(whole, { x: "y" }), 2, 2],
  ["no trailers", answer(whole, {}), 13, 13],
  [
    "a message text of stray percent signs and raw bytes",
    failed({ "grpc-message": "%zz%ff%%%E2%82 \xff\x80" }),
    5,
    5,
  ],
  ["a message text of 60 KB", failed({ "grpc-message": "x".repeat(60_000) }), 5, 5],
  ["details that are no base64", failed({ "grpc-status-details-bin": "!!!" }), 5, 5],
  ["details that are no Status", failed({ "grpc-status-details-bin": "Z2FyYmFnZQ" }), 5, 5],
  ["a detail that is not of its type", failed({ "grpc-status-details-bin": falseDetail() }), 5, 5],
  ["a header alone that says OK", trailersOnly({ ...grpcHead, "grpc-status": "0" }), 12, 0],
  ["a header alone without status", trailersOnly({ ...grpcHead }), 2, 2],
  ["a page under 404", page(404), 12, 12],
  ["a page under 503", page(503), 14, 14],
  ["a page under 200", page(200), 2, 2],
  ["nothing under 204", trailersOnly({ ":status": 204 }), 2, 2],
  ["a redirect", trailersOnly({ ":status": 302, location: "http://127.0.0.1:1/" }), 2, 2],
  ["200 KB of metadata", headers(many(40, 5_000)), 13, 13],
  ["200 entries of metadata", headers(many(200, 1)), 8, 8],
  ["metadata that is not ASCII", headers([["x-odd", "caf\xe9"]]), 0, 0],
  ["metadata of base64 that is none", headers([["x-odd-bin", "!!!"]]), 0, 0],
  [
    "framing as metadata",
    headers([
      ["content-length", "8"],
      ["x-a", "b"],
    ]),
    0,
    0,
  ],
  [
    "a hundred early hints",
    (stream) => {
      for (let i = 0; i < 100; i++) stream.additionalHeaders({ ":status": 103 });
      answer(whole)(stream);
    },
    0,
    0,
  ],
  ["a refused stream", (stream) => stream.close(7), 14, 14],
  ["a reset without a word", (stream) => stream.close(2), 13, 13],
  [
    "a reset in the middle of a message",
    (stream) => {
      stream.respond(grpcHead);
      stream.write(whole.subarray(0, 6), () => stream.close(8));
    },
    13,
    13,
  ],
  [
    "the end of its connection and a reason",
    (stream) => {
      stream.session?.goaway(2);
      stream.session?.destroy();
    },
    14,
    14,
  ],
  [
    "the end of its connection in the middle of a message",
    (stream) => {
      stream.respond(grpcHead);
      stream.write(whole.subarray(0, 6), () => stream.session?.destroy());
    },
    14,
    14,
  ],
];

function many(count: number, bytes: number): [string, string][] {
  return Array.from({ length: count }, (_, i) => [`x-${i}`, "v".repeat(bytes)]);
}

for (const [reason, behaviour, unary, stream] of replies) {
  test(`a backend that answers with ${reason} gives code ${unary} and, in a stream, ${stream}`, async () => {
    backend.behave(behaviour);
    const one = await gateway.call("/v1/echo/x");
    assert.equal(codeOf(one.json), unary, one.text);
    assert.equal(one.status === 200, unary === 0);
    const more = await gateway.call("/v1/rest");
    assert.equal(codeOf(Array.isArray(more.json) ? more.json.at(-1)?.error : more.json), stream, more.text);

    backend.behave(answer(whole));
    // Whatever was wrong, it was wrong with that call: gRPC comes back by itself even where the connection ended.
    let next = await gateway.call("/v1/echo/x");
    for (let i = 0; next.status === 503 && i < 200; i++) next = await gateway.call("/v1/echo/x");
    assert.equal(next.text, '{"text":"a"}');
    assert.ok((residentMegabytes(gateway.pid) ?? 0) < 700);
  });
}

/** The code of a Status with a text that is one; 0 where there is none. */
function codeOf(status: unknown): number {
  if (typeof status !== "object" || status === null || !("code" in status)) return 0;
  assert.ok("message" in status && typeof status.message === "string", JSON.stringify(status));
  assert.ok("details" in status && Array.isArray(status.details));
  return Number(status.code);
}

test("what a backend has said so far reaches the client before it says something wrong", async () => {
  backend.behave(answer(Buffer.concat([whole, whole, envelope(Buffer.from([0xff]))])));
  const { json } = await gateway.call("/v1/rest");
  assert.deepEqual(Array.isArray(json) ? json.slice(0, 2) : json, [{ text: "a" }, { text: "a" }]);
  assert.equal(Array.isArray(json) ? json.length : 0, 3);
});

test("nothing but JSON lines is in the log, whatever headers a backend sends", async () => {
  backend.behave(headers([["x-odd", "caf\xe9"]]));
  for (let i = 0; i < 20; i++) await gateway.call("/v1/echo/x");
  const lines = gateway.output().trim().split("\n");
  assert.deepEqual(
    lines.filter((line) => !/^(\{.*\}|listening on .*)$/.test(line)),
    [],
  );
});
