// Requests of RPC clients that mean to confuse: which protocol, which method, whose identity. Each is answered for what
// it is, what a backend gets is what the gateway vouches for, and one connection's requests are never mixed up.
import assert from "node:assert/strict";
import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { answer, envelope } from "./crooked-backend.ts";
import { type FiredGateway, scratchFolder, startFired, untilReady } from "./gateway-under-fire.ts";
import { sayRaw } from "./raw-client.ts";
import { askHttp2, edgesFor, type RawAnswer } from "./rpc-edges.ts";
import { writeTargetSet } from "./target-backend.ts";

let gateway: FiredGateway;
/** Header of the call that came last to the backend, and how many came. */
let [received, count]: [IncomingHttpHeaders, number] = [{}, 0];
const item = Buffer.from("\x0a\x01a", "latin1");
const backend = createServer();
/** Answered when all of its messages have come; others at once. */
const collect = "/hostile.v1.Target/Collect";

before(async () => {
  backend.on("stream", (stream: ServerHttp2Stream, header) => {
    [received, count] = [header, count + 1];
    stream.on("error", () => undefined);
    const reply = answer(envelope(item));
    if (header[":path"] === collect) stream.resume().once("end", () => stream.destroyed || reply(stream));
    else reply(stream);
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const target = `127.0.0.1:${(backend.address() as AddressInfo).port}`;
  gateway = await startFired([target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
});
after(async () => {
  try {
    assert.equal(await gateway.close(), 0);
  } finally {
    await new Promise<void>((resolve) => backend.close(() => resolve()));
  }
});

const echo = "/hostile.v1.Target/Echo";
const grpc = "application/grpc";
/** `200 0`: HTTP status, and the gRPC status where the header or the trailer has one. */
const outcome = ({ status, header, trailer }: RawAnswer): string =>
  `${status} ${trailer.get("grpc-status") ?? header.get("grpc-status") ?? header.get("content-type")}`;

const text = "text/plain; charset=utf-8";
const requests: readonly [reason: string, header: Record<string, string>, body: Buffer, expected: string][] =
  [
    ["gRPC in capitals", { "content-type": "APPLICATION/GRPC" }, envelope(item), "200 0"],
    ["gRPC with a parameter", { "content-type": "application/grpc;a=b" }, envelope(item), "200 0"],
    ["gRPC in a codec of its own", { "content-type": "application/grpc+xml" }, envelope(item), "415 12"],
    [
      "a type that begins like gRPC's",
      { "content-type": "application/grpcx" },
      envelope(item),
      `415 ${text}`,
    ],
    ["two types in one", { "content-type": "application/grpc, a/b" }, envelope(item), `415 ${text}`],
    ["Connect in a codec of its own", { "content-type": "application/connect+xml" }, item, `415 ${text}`],
    ["JSON in another charset", { "content-type": "application/json; charset=latin1" }, item, `415 ${text}`],
    [
      "gRPC that says it is Connect",
      { "content-type": grpc, "connect-protocol-version": "1" },
      envelope(item),
      "200 0",
    ],
    [
      "Connect with gRPC's headers: they are not Connect's",
      { "content-type": "application/json", "grpc-timeout": "1n", "grpc-encoding": "no" },
      Buffer.from("{}"),
      "200 application/json",
    ],
    [
      "Connect of another version",
      { "content-type": "application/json", "connect-protocol-version": "2" },
      Buffer.from("{}"),
      "400 application/json",
    ],
    ["two slashes", { ":path": `/${echo}`, "content-type": grpc }, envelope(item), "200 12"],
    ["a slash at the end", { ":path": `${echo}/`, "content-type": grpc }, envelope(item), "200 12"],
    [
      "an encoded letter",
      { ":path": "/hostile.v1.Target/%45cho", "content-type": grpc },
      envelope(item),
      "200 12",
    ],
    [
      "an encoded slash",
      { ":path": "/hostile.v1.Target%2FEcho", "content-type": grpc },
      envelope(item),
      "200 12",
    ],
    ["dots", { ":path": "/a/../hostile.v1.Target/Echo", "content-type": grpc }, envelope(item), "200 12"],
    [
      "names that objects have",
      { ":path": "/__proto__/constructor", "content-type": grpc },
      envelope(item),
      "200 12",
    ],
    ["a query", { ":path": `${echo}?$alt=x`, "content-type": grpc }, envelope(item), "200 0"],
    ["a timeout of a nanosecond", { "content-type": grpc, "grpc-timeout": "1n" }, envelope(item), "200 4"],
    [
      "a timeout of 11,000 years",
      { "content-type": grpc, "grpc-timeout": "99999999H" },
      envelope(item),
      "200 0",
    ],
    ["a negative timeout", { "content-type": grpc, "grpc-timeout": "-1S" }, envelope(item), "200 3"],
    ["a -bin value that is no base64", { "content-type": grpc, "x-a-bin": "!!" }, envelope(item), "200 3"],
    ["GET", { ":method": "GET", "content-type": grpc }, Buffer.alloc(0), "405 12"],
    [
      "HEAD of gRPC-Web",
      { ":method": "HEAD", "content-type": "application/grpc-web" },
      Buffer.alloc(0),
      "405 12",
    ],
    [
      "HEAD of Connect",
      { ":method": "HEAD", "content-type": "application/json" },
      Buffer.alloc(0),
      `405 ${text}`,
    ],
    ["TRACE", { ":method": "TRACE", "content-type": grpc }, Buffer.alloc(0), "405 12"],
    ["flags that are none", { "content-type": grpc }, envelope(item, 0x80), "200 3"],
    ["an envelope that breaks off", { "content-type": grpc }, envelope(item, 0, 9), "200 3"],
    ["4 GiB", { "content-type": grpc }, envelope(item, 0, 0xffffffff), "200 8"],
    [
      "no base64",
      { "content-type": "application/grpc-web-text" },
      Buffer.from("!!!!"),
      "200 application/grpc-web-text",
    ],
  ];

for (const [reason, header, body, expected] of requests) {
  test(`a request with ${reason} is answered with ${expected}`, async () => {
    assert.equal(
      outcome(await askHttp2(gateway.port, { ":path": echo, te: "trailers", ...header }, body)),
      expected,
    );
  });
}

/** A message of the limit, and one byte more. */
const ofSize = (bytes: number): Buffer => {
  const message = Buffer.alloc(bytes, 0x61);
  // Field 2, and a length in four bytes.
  message.set([
    0x12,
    ((bytes - 5) & 0x7f) | 0x80,
    ((bytes - 5) >> 7) | 0x80,
    ((bytes - 5) >> 14) | 0x80,
    (bytes - 5) >> 21,
  ]);
  return message;
};
const limit = 4 * 1024 * 1024;
const compressions = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync, deflate: deflateSync };

for (const [name, compress] of Object.entries(compressions)) {
  test(`${name}: a bomb, a cut and a tail are refused, the limit passes`, async () => {
    const ask = async (bytes: Buffer) => {
      const header = { ":path": echo, "content-type": grpc, te: "trailers", "grpc-encoding": name };
      return outcome(await askHttp2(gateway.port, header, envelope(bytes, 1)));
    };
    const small = compress(item);
    assert.equal(await ask(compress(ofSize(limit - 1))), "200 0");
    assert.equal(await ask(compress(ofSize(limit + 1))), "200 8");
    assert.equal(await ask(compress(Buffer.alloc(100 * 1024 * 1024))), "200 8");
    assert.equal(await ask(small.subarray(0, -2)), "200 3");
    assert.equal(await ask(Buffer.concat([small, Buffer.from("tail")])), "200 3");
    // gzip and zstd say that bodies in a row are one; for the others the second would be lost without a word.
    const twice = name === "gzip" || name === "zstd" ? "200 0" : "200 3";
    assert.equal(await ask(Buffer.concat([small, small])), twice);
    assert.equal(await ask(Buffer.alloc(0)), "200 0");
  });
}

test("a health watch keeps no name of megabytes that came in a few bytes", async () => {
  const name = ofSize(limit - 1);
  name[0] = 0x0a;
  const header = { ":path": "/grpc.health.v1.Health/Watch", "content-type": grpc, "grpc-encoding": "gzip" };
  assert.equal(outcome(await askHttp2(gateway.port, header, envelope(gzipSync(name), 1))), "200 3");
});

test("windows that are larger than any browser's are refused before memory is taken for them", async () => {
  const frameOf = (log: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 1, 0, 0]);
  const large = { params: { [constants.BROTLI_PARAM_LARGE_WINDOW]: 1, [constants.BROTLI_PARAM_LGWIN]: 30 } };
  const asked = [
    ["zstd", frameOf(27)],
    ["zstd", frameOf(31)],
    ["br", brotliCompressSync(item, large)],
  ] as const;
  for (const [name, bytes] of asked) {
    const header = { ":path": echo, "content-type": grpc, "grpc-encoding": name };
    assert.equal(outcome(await askHttp2(gateway.port, header, envelope(bytes, 1))), "200 3", name);
  }
});

test("who the client is, on each protocol, only the gateway says", async () => {
  for (const edge of edgesFor("unary")) {
    const { code } = await edge.ask({
      port: gateway.port,
      method: "Echo",
      header: {
        "x-forwarded-client-cert": "Hash=spoofed",
        "x-forwarded-for": "1.2.3.4",
        constructor: "c",
        "content-language": "x",
      },
    });
    assert.equal(code, 0, edge.name);
    assert.equal(received["x-forwarded-client-cert"], undefined, edge.name);
    assert.equal(received["x-forwarded-for"], "1.2.3.4, 127.0.0.1", edge.name);
    assert.equal(received.constructor, "c", edge.name);
    assert.equal(received["content-language"], undefined, edge.name);
  }
});

const head = (more: string, path = echo): string => `POST ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
const web = envelope(item).toString("latin1");
const webHead = (more = ""): string =>
  head(`Content-Type: application/grpc-web\r\nContent-Length: ${web.length}\r\n${more}`);
const last = "GET /v1/echo/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/** Over one HTTP/1.1 connection: the statuses of all answers in order, and how many calls reached the backend. */
const pipelines: readonly [reason: string, bytes: string, statuses: string, calls: number][] = [
  ["gRPC-Web and REST in a row", `${webHead()}${web}${last}`, "200 200", 2],
  [
    "a Connect GET of a method with effects, with a body",
    `GET ${echo}?encoding=json&message=%7B%7D HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello${last}`,
    "405 200",
    1,
  ],
  [
    "a length that is short: the rest is no request, and all of it is refused",
    `${head("Content-Type: application/grpc-web\r\nContent-Length: 3\r\n")}${web}${last}`,
    "400",
    0,
  ],
  [
    "both a length and chunks",
    `${head("Content-Type: application/grpc-web\r\nContent-Length: 8\r\nTransfer-Encoding: chunked\r\n")}0\r\n\r\n${last}`,
    "400",
    0,
  ],
  ["two lengths", `${head("Content-Length: 8\r\nContent-Length: 9\r\n")}${web}`, "400", 0],
  [
    "two content types: the first is meant, by all",
    `${head(`Content-Type: application/grpc-web\r\nContent-Type: application/json\r\nContent-Length: ${web.length}\r\n`)}${web}${last}`,
    "200 200",
    2,
  ],
  [
    "chunks with trailers that say who the client is",
    `${head("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: x-forwarded-client-cert\r\n")}2\r\n{}\r\n0\r\nx-forwarded-client-cert: Hash=1\r\nauthorization: a\r\n\r\n${last}`,
    "200 200",
    2,
  ],
  [
    "gRPC without trailers",
    `${head(`Content-Type: application/grpc\r\nContent-Length: ${web.length}\r\n`)}${web}${last}`,
    "505 200",
    1,
  ],
  ["a folded header", `${head("X: a\r\n b\r\n")}${last}`, "400", 0],
  [
    "the version of Connect twice",
    `${head("Content-Type: application/json\r\nConnect-Protocol-Version: 1\r\nConnect-Protocol-Version: 2\r\nContent-Length: 2\r\n")}{}${last}`,
    "200 200",
    2,
  ],
  [
    "a whole URL of another host",
    `${head("Content-Length: 0\r\nContent-Type: application/proto\r\n", `http://evil${echo}`)}${last}`,
    "200 200",
    2,
  ],
];

for (const [reason, bytes, statuses, calls] of pipelines) {
  test(`on one HTTP/1.1 connection, ${reason}: ${statuses}`, async () => {
    const before = count;
    const said = await sayRaw(gateway.port, bytes);
    assert.equal(
      [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]).join(" "),
      statuses,
      said,
    );
    assert.equal(count - before, calls);
    assert.equal(received["x-forwarded-client-cert"], undefined);
    assert.equal(received.authorization, undefined);
  });
}

test("a trailer of a gRPC request is no metadata", async () => {
  const session = connect(`http://127.0.0.1:${gateway.port}`);
  const before = count;
  try {
    const header = { ":method": "POST", ":path": echo, "content-type": grpc, te: "trailers" };
    const stream = session.request(header, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ authorization: "a", "x-note": "late" }));
    stream.end(envelope(item));
    await new Promise((resolve) => stream.resume().once("close", resolve));
  } finally {
    session.destroy();
  }
  assert.equal(count - before, 1);
  assert.equal(received.authorization, undefined);
  assert.equal(received["x-note"], undefined);
});

test("a client that awaits 100 gets it", async () => {
  const said = await sayRaw(
    gateway.port,
    `${webHead("Expect: 100-continue\r\nConnection: close\r\n")}${web}`,
  );
  assert.match(said, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

test("half a million empty messages in one stream leave room for others", async () => {
  const flood = askHttp2(
    gateway.port,
    { ":path": collect, "content-type": grpc, "grpc-timeout": "3S" },
    Buffer.alloc(2_500_000),
  );
  let between = 0;
  let over = false;
  void flood.then(() => {
    over = true;
  });
  while (!over) {
    assert.equal((await gateway.call("/v1/echo/a")).status, 200);
    between++;
  }
  assert.match(outcome(await flood), /^200 [04]$/, "it was read, as far as its time went");
  // While one flood holds the gateway up, a call or two get through.
  assert.ok(between >= 10, `${between} calls`);
});
