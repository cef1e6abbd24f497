// Backends that answer what no gRPC library would, as the clients of every RPC protocol see it: an honest code, nothing
// that breaks out of a trailer or a JSON text, and the next call is answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { eventually } from "../matrix/eventually.ts";
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
import { type Edge, type Ending, edgesFor } from "./rpc-edges.ts";
import { writeTargetSet } from "./target-backend.ts";

let backend: CrookedBackend;
let gateway: FiredGateway;

before(async () => {
  backend = await startCrooked();
  gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
});
after(async () => {
  try {
    assert.equal(await gateway.close(), 0);
  } finally {
    await backend.close();
  }
});

const item = Buffer.from("\x0a\x01a", "latin1");
const whole = envelope(item);
const failed = (more: Record<string, string>): Behaviour =>
  answer(Buffer.alloc(0), { "grpc-status": "5", ...more });

/** The codes of a unary call and of a stream; `json` where messages are transcoded, `connect` where codes are names. */
interface Expected {
  readonly unary: number;
  readonly stream: number;
  readonly json?: number;
  readonly connect?: number;
}
const both = (code: number, more: Omit<Expected, "unary" | "stream"> = {}): Expected => ({
  unary: code,
  stream: code,
  ...more,
});

const rows: readonly [reason: string, behaviour: Behaviour, expected: Expected][] = [
  ["text for a message", answer(envelope(Buffer.from("hello, this is no protobuf"))), both(0, { json: 13 })],
  ["text that is no UTF-8", answer(envelope(Buffer.from([0x0a, 2, 0xff, 0xfe]))), both(0, { json: 13 })],
  ["an envelope that promises 4 GiB", answer(envelope(item, 0, 0xffffffff)), both(8)],
  [
    "a bomb of 100 MiB",
    answer(
      envelope(gzipSync(Buffer.alloc(100 * 1024 * 1024)), 1),
      { "grpc-status": "0" },
      { ...grpcHead, "grpc-encoding": "gzip" },
    ),
    both(8),
  ],
  ["no message", answer(Buffer.alloc(0)), { unary: 12, stream: 0 }],
  ["two messages", answer(Buffer.concat([whole, whole])), { unary: 12, stream: 0 }],
  [
    "a header alone that says OK",
    trailersOnly({ ...grpcHead, "grpc-status": "0" }),
    { unary: 12, stream: 0 },
  ],
  ["code 17", answer(whole, { "grpc-status": "17" }), both(17, { connect: 2 })],
  [
    "code 99999, at once",
    trailersOnly({ ...grpcHead, "grpc-status": "99999" }),
    both(99_999, { connect: 2 }),
  ],
  ["code -1", answer(whole, { "grpc-status": "-1" }), both(2)],
  ["a code in words", answer(whole, { "grpc-status": "OK" }), both(2)],
  ["no trailers", answer(whole, {}), both(13)],
  [
    "a text with line breaks and a status",
    failed({ "grpc-message": "a%0D%0Agrpc-status: 0%0D%0Ax: y" }),
    both(5),
  ],
  ["a text of 60 KB", failed({ "grpc-message": "x".repeat(60_000) }), both(5)],
  ["a text of 40 KB that is no ASCII", failed({ "grpc-message": "\xff".repeat(40_000) }), both(5)],
  ["details that are no base64", failed({ "grpc-status-details-bin": "!!!" }), both(5)],
  ["a trailer of 60 KB", answer(whole, { "grpc-status": "0", "x-big": "x".repeat(60_000) }), both(0)],
  [
    "a message after which it says nothing and goes",
    (stream) => {
      stream.respond(grpcHead);
      stream.write(whole, () => setTimeout(() => stream.session?.destroy(), 20));
    },
    both(14),
  ],
  ["the end of its connection", (stream) => stream.session?.destroy(), both(14)],
  ["a reset", (stream) => stream.close(2), both(13)],
  [
    "a reset in the middle of a message",
    (stream) => {
      stream.respond(grpcHead);
      stream.write(whole.subarray(0, 6), () => stream.close(8));
    },
    both(13),
  ],
];

function codeOf({ unary, stream, json, connect }: Expected, edge: Edge, isUnary: boolean): number {
  if (json !== undefined && edge.codec === "json") return json;
  if (connect !== undefined && edge.name.startsWith("Connect")) return connect;
  return isUnary ? unary : stream;
}

for (const [reason, behaviour, expected] of rows) {
  test(`a backend that answers with ${reason} is told honestly on each protocol`, async () => {
    for (const kind of ["unary", "stream"] as const) {
      for (const edge of edgesFor(kind)) {
        await comeBack();
        backend.behave(behaviour);
        const ending = await edge.ask({ port: gateway.port, method: kind === "unary" ? "Echo" : "Rest" });
        const where = `${edge.name}, ${kind}: ${ending.text.slice(0, 200)}`;
        assert.equal(ending.code, codeOf(expected, edge, kind === "unary"), where);
      }
    }
    await comeBack();
    await eventually(async () => assert.equal(backend.active(), 0));
    assert.ok((residentMegabytes(gateway.pid) ?? 0) < 700);
  });
}

/** gRPC comes back by itself where the last behaviour has ended the connection. */
async function comeBack(): Promise<void> {
  backend.behave(answer(whole));
  await eventually(async () => assert.equal((await gateway.call("/v1/echo/x")).status, 200));
}

/** Names that objects have, framing, what HTTP forbids, and what would end a line if it were let through. */
const odd: Record<string, string | string[]> = {
  constructor: "c",
  hasownproperty: "h",
  "x-twice": ["1", "2"],
  "x-colon": "grpc-status: 0",
  "x-json": '"},"error":{"code":"ok"}',
  "x-latin": "caf\xe9",
  "x-odd-bin": "!!!",
  "x-ok-bin": "AAEC",
};

test("odd metadata of a backend reaches each client as data, or not at all", async () => {
  backend.behave(answer(whole, { "grpc-status": "0", ...odd, trailer: "x" }, { ...grpcHead, ...odd }));
  for (const kind of ["unary", "stream"] as const) {
    for (const edge of edgesFor(kind)) {
      const ending = await edge.ask({ port: gateway.port, method: kind === "unary" ? "Echo" : "Rest" });
      assert.equal(ending.code, 0, `${edge.name}: ${ending.text}`);
      assert.equal(ending.messages.length, 1, edge.name);
      assertPassed(ending, edge, kind);
    }
  }
});

function assertPassed({ header, trailer }: Ending, { name }: Edge, kind: string): void {
  const prefix = name.startsWith("Connect") && kind === "unary" ? "trailer-" : "";
  for (const [entries, before] of [
    [header, ""],
    [trailer, prefix],
  ] as const) {
    for (const passed of ["constructor", "hasownproperty", "x-colon", "x-json", "x-ok-bin"]) {
      assert.equal(entries.get(before + passed), odd[passed], `${name}: ${before}${passed}`);
    }
    assert.equal(entries.get(`${before}x-latin`), undefined, name);
    assert.equal(entries.get(`${before}trailer`), undefined, name);
  }
}

test("a million tiny messages to clients whose time is up in the middle end at the backend too", async () => {
  const tiny = Buffer.concat(Array<Buffer>(1_000).fill(envelope(Buffer.alloc(0))));
  backend.behave((stream) => {
    stream.respond(grpcHead);
    let left = 1_000;
    const pour = (): void => {
      while (left-- > 0 && stream.write(tiny));
    };
    stream.on("drain", pour);
    pour();
  });
  for (const edge of edgesFor("stream")) {
    const deadline = edge.name.startsWith("Connect") ? "connect-timeout-ms" : "grpc-timeout";
    const value = deadline === "grpc-timeout" ? "100m" : "100";
    const { code } = await edge.ask({ port: gateway.port, method: "Rest", header: { [deadline]: value } });
    assert.equal(code, 4, edge.name);
  }
  await comeBack();
  await eventually(async () => assert.equal(backend.active(), 0));
});
