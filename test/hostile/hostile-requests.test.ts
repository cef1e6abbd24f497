// Requests that nobody should send, each to the gateway as a process: a proper status, and the next call is answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type FiredGateway, scratchFolder, startFired, untilReady } from "./gateway-under-fire.ts";
import { flood, openRaw, readAll, sayRaw } from "./raw-client.ts";
import { startTarget, type TargetBackend, writeTargetSet } from "./target-backend.ts";

let backend: TargetBackend;
let gateway: FiredGateway;

before(async () => {
  backend = await startTarget();
  gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(scratchFolder(after))]);
  await untilReady(gateway);
});
after(async () => {
  assert.equal(await gateway.close(), 0);
  backend.close();
});

async function assertAnswers(): Promise<void> {
  const { status, text } = await gateway.call("/v1/echo/still-there");
  assert.deepEqual({ status, text }, { status: 200, text: '{"text":"still-there"}' });
}

const longKeys = Array.from({ length: 10_000 }, (_, i) => `k${i}`).join("&");

/** Targets as they stand in the request line; what is within one line of 32 KiB. */
const targets: readonly [reason: string, target: string, status: number, said: RegExp][] = [
  ["10,000 keys that fit the header", `/v1/echo/a?${longKeys.slice(0, 30_000)}`, 400, /k0/],
  ["the same key 10,000 times", `/v1/echo/a?${"number&".repeat(4_000)}`, 400, /number/],
  ["a key 10,000 fields deep", `/v1/echo/a?${"child.".repeat(5_000)}text=1`, 400, /nested deeper/],
  ["dots without fields", `/v1/echo/a?${".".repeat(30_000)}`, 400, /no field/],
  ["__proto__ as key", "/v1/echo/a?__proto__=1", 400, /no field/],
  ["__proto__ within a field", "/v1/echo/a?child.__proto__.text=1", 400, /no field/],
  ["constructor.prototype", "/v1/echo/a?constructor.prototype.text=1", 400, /no field/],
  ["__proto__ as map key: data", "/v1/echo/a?labels[__proto__]=x", 200, /"__proto__":"x"/],
  ["a bracket that is not closed", "/v1/echo/a?labels[=1", 400, /without the/],
  ["100,000 open brackets of JSON", `/v1/echo/a?value=${"[".repeat(30_000)}`, 400, /value/],
  ["a NUL in a value: data", "/v1/echo/a?child.text=%00", 200, /\\u0000/],
  ["a NUL in a key", "/v1/echo/a?%00=1", 400, /no field/],
  ["bytes that are no UTF-8", "/v1/echo/a?child.text=%ff", 400, /percent-encoding/],
  ["overlong UTF-8 for /", "/v1/echo/%c0%af", 400, /percent-encoding/],
  ["a lone surrogate in UTF-8", "/v1/echo/%ed%a0%80", 400, /percent-encoding/],
  ["a code point beyond Unicode", "/v1/echo/%f4%90%80%80", 400, /percent-encoding/],
  ["half a triple", "/v1/echo/%2", 400, /percent-encoding/],
  ["a triple of no digits", "/v1/echo/%zz", 400, /percent-encoding/],
  ["a path of dots is no other path", "/v1/echo/..", 200, /"text":".."/],
  ["an encoded slash stays in its segment", "/v1/echo/..%2f..%2fetc", 200, /\.\.\/\.\.\/etc/],
  ["__proto__ as path", "/__proto__/constructor", 404, /no route/],
  ["15,000 segments", `/${"a/".repeat(15_000)}`, 404, /no route/],
  ["15,000 segments for a **", `/v1/deep/${"a/".repeat(15_000)}`, 200, /a\/a/],
  ["20,000 slashes", "/".repeat(20_000), 404, /no route/],
  ["20,000 colons", `/v1/${":".repeat(20_000)}`, 404, /no route/],
  ["a fragment", "/v1/echo/a#b", 400, /forbidden character/],
  ["a backslash is data", "/v1/echo/a\\b", 200, /a\\\\b/],
  ["a number beyond int32", "/v1/echo/a?number=99999999999999999999", 400, /int32/],
  ["a target of a megabyte", `/${"a".repeat(1_000_000)}`, 431, /too large/],
];

for (const [reason, target, status, said] of targets) {
  test(`a target with ${reason} is ${status}`, async () => {
    const answer = await sayRaw(
      gateway.port,
      `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, said);
    await assertAnswers();
  });
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const parts = "multipart/form-data; boundary=b";

const bodies: readonly [reason: string, type: string, body: string | Buffer, status: number, said: RegExp][] =
  [
    ["100,000 nested arrays", json, "[".repeat(100_000), 400, /expected an object/],
    ["100,000 nested messages", json, '{"child":'.repeat(100_000), 400, /nested|deep/],
    ["100,000 nested arrays in a Value", json, `{"value":${"[".repeat(100_000)}`, 400, /nested|deep/],
    ["100,000 nested objects in a Value", json, `{"value":${'{"a":'.repeat(100_000)}`, 400, /nested|deep/],
    ["a million empty arrays", json, `{"value":[${"[],".repeat(1_000_000)}[]]}`, 200, /"value":\[\[\],/],
    ["600,000 empty messages", json, `{"items":[${"{},".repeat(600_000)}{}]}`, 200, /"items":\[\{\},/],
    ["a string that does not end", json, '{"text":"a', 400, /without an end/],
    ["an object that does not end", json, '{"text":"a"', 400, /./],
    ["a byte order mark", json, Buffer.from('\ufeff{"text":"a"}'), 400, /byte order mark/],
    ["a NUL", json, "\0", 400, /./],
    ["a NUL in a string", json, '{"text":"a\0b"}', 400, /control character/],
    ["a lone surrogate", json, '{"text":"\\ud800"}', 400, /surrogate/],
    ["bytes that are no UTF-8", json, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, /UTF-8/],
    ["a number of three million digits", json, `{"number":1${"0".repeat(3_000_000)}}`, 400, /int32/],
    ["a fraction of three million digits", json, `{"number":0.${"0".repeat(3_000_000)}1}`, 400, /int32/],
    ["an exponent of a billion", json, '{"number":1e1000000000}', 400, /int32/],
    ["a negative exponent of 99 digits", json, `{"number":1e-${"9".repeat(99)}}`, 400, /int32/],
    ["a key of three megabytes", json, `{"${"a".repeat(3_000_000)}":1}`, 400, /no such field/],
    [
      "300,000 times the same key: the last one",
      json,
      `{${'"text":"a",'.repeat(300_000)}"text":"z"}`,
      200,
      /"z"/,
    ],
    ["150,000 map keys", json, `{"labels":{${keys(150_000)}}}`, 200, /"149999":""/],
    ["__proto__ as field", json, '{"__proto__":{"text":"x"}}', 400, /no such field/],
    ["__proto__ as map key: data", json, '{"labels":{"__proto__":"x"}}', 200, /"__proto__":"x"/],
    ["a megabyte of base64 padding", json, `{"data":"${"=".repeat(1_000_000)}"}`, 400, /base64/],
    ["a second value", json, '{"text":"a"}{"text":"b"}', 400, /end of input/],
    ["a million form keys", form, "a&".repeat(1_000_000), 400, /"a\\?"/],
    ["300,000 dots in a form key", form, `${"child.".repeat(300_000)}text=1`, 400, /nested deeper/],
    ["boundaries and nothing between", parts, "--b\r\n".repeat(100_000), 400, /multipart/],
    ["100,000 parts without a name", parts, "--b\r\n\r\n\r\n".repeat(100_000), 400, /./],
    [
      "a part's name that does not end",
      parts,
      `--b\r\nContent-Disposition: form-data; name="${"\\".repeat(100_000)}`,
      400,
      /./,
    ],
    [
      "a part's header of quotes",
      parts,
      `--b\r\nContent-Disposition: form-data; name=a;${' a="'.repeat(2_000)}\r\n\r\nx\r\n--b--`,
      400,
      /./,
    ],
    ["no boundary", "multipart/form-data", "--b--", 400, /boundary/],
    [
      "a boundary of 100,000 characters",
      `multipart/form-data; boundary=${"b".repeat(20_000)}`,
      "--b--",
      400,
      /boundary/,
    ],
    [
      "a type that nobody reads",
      "text/xml",
      "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
      415,
      /text\/xml/,
    ],
  ];

function keys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"${i}":""`).join();
}

for (const [reason, type, body, status, said] of bodies) {
  test(`a body of ${type.split(";")[0]} with ${reason} is ${status}`, async () => {
    const bytes = Buffer.from(body);
    const head = `POST /v1/echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
    const answer = await sayRaw(
      gateway.port,
      Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]),
    );
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, said);
    await assertAnswers();
  });
}

/** A chunked POST of pieces; what comes back until the other side closes. */
async function stream(path: string, type: string, pieces: Iterable<string>): Promise<string> {
  const socket = await openRaw(gateway.port);
  const answer = readAll(socket);
  const head = `POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  await flood(socket, chunks(pieces));
  return answer;
}

function* chunks(pieces: Iterable<string>): Iterable<Buffer> {
  for (const piece of pieces) yield Buffer.from(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  yield Buffer.from("0\r\n\r\n");
}

function* repeat(piece: string, count: number): Iterable<string> {
  for (let i = 0; i < count; i++) yield piece;
}

test("a body of 200,000 chunks of one byte is one body", async () => {
  const answer = await stream("/v1/echo", json, ['{"text":"', ...repeat("a", 200_000), '"}']);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  await assertAnswers();
});

test("a value that never ends costs its limit and is refused while it is still being sent", async () => {
  const answer = await stream("/v1/collect", "application/x-ndjson", [
    '{"text":"',
    ...repeat("a".repeat(65_536), 320),
  ]);
  assert.match(answer, /larger than the limit of 4194304 bytes/);
  await assertAnswers();
});

test("20 MB of white space between two values are two values", async () => {
  const pieces = ["{}", ...repeat(" ".repeat(65_536), 320), "{}"];
  assert.match(await stream("/v1/collect", "application/x-ndjson", pieces), /"text":"2"/);
  await assertAnswers();
});

test("values that are no messages fail with their number", async () => {
  assert.match(
    await stream("/v1/collect", "application/x-ndjson", ["{}{}[]"]),
    /HTTP\/1\.1 400 [\s\S]*\[\]|array/,
  );
  assert.match(await stream("/v1/collect", json, ["[{},{}"]), /HTTP\/1\.1 400 [\s\S]*message 3/);
  assert.match(await stream("/v1/collect", json, ["[{},{},]"]), /HTTP\/1\.1 400 [\s\S]*message 3/);
});

test("a header that the backend does not take costs its call, one of a megabyte is refused before it is read", async () => {
  const head = "GET /v1/echo/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
  assert.match(await sayRaw(gateway.port, `${head}${"a: b\r\n".repeat(100)}\r\n`), /^HTTP\/1\.1 200 /);
  const many = await sayRaw(gateway.port, `${head}${"a: b\r\n".repeat(4_000)}\r\n`);
  assert.match(many, /^HTTP\/1\.1 429 /);
  assert.match(await sayRaw(gateway.port, `${head}${"a: b\r\n".repeat(200_000)}\r\n`), /^HTTP\/1\.1 431 /);
  await assertAnswers();
});

test("a header value that is not ASCII or names gRPC's own entries does not reach the backend and does no harm", async () => {
  const head = "GET /v1/echo/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
  const odd =
    "X-Odd: caf\xe9\r\nGrpc-Encoding: gzip\r\nGrpc-Status: 5\r\nTe: trailers\r\nContent-Encoding: zzz\r\n";
  assert.match(await sayRaw(gateway.port, `${head}${odd}\r\n`), /^HTTP\/1\.1 200 /);
  assert.match(await sayRaw(gateway.port, `${head}Grpc-Timeout: 99999999999H\r\n\r\n`), /^HTTP\/1\.1 400 /);
  assert.match(await sayRaw(gateway.port, `${head}X-Server-Timeout: 1e999\r\n\r\n`), /^HTTP\/1\.1 400 /);
  assert.match(await sayRaw(gateway.port, `${head}A-Bin: !\r\n\r\n`), /^HTTP\/1\.1 400 /);
  await assertAnswers();
});

const smuggled: readonly [reason: string, header: string][] = [
  ["Content-Length and Transfer-Encoding", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"],
  ["two Content-Lengths", "Content-Length: 3\r\nContent-Length: 4\r\n"],
  ["a coding that is not chunked", "Transfer-Encoding: chunked, identity\r\n"],
  ["a coding with a tab", "Transfer-Encoding:\tchunked\x0b\r\n"],
  ["a name with a space", "Content-Length : 4\r\n"],
  ["a folded line", "X: a\r\n b\r\n"],
  ["a bare LF", "X: a\nContent-Length: 4\r\n"],
];
for (const [reason, header] of smuggled) {
  test(`no second request hides behind ${reason}`, async () => {
    const before = backend.begun();
    const answer = await sayRaw(
      gateway.port,
      `POST /v1/echo HTTP/1.1\r\nHost: h\r\n${header}\r\n0\r\n\r\nGET /v1/echo/smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(answer, /smuggled/);
    assert.equal(backend.begun(), before);
    await assertAnswers();
  });
}

test("what a backend names as the type of a file cannot break out of its header", async () => {
  for (const type of ["text/html%0d%0aX-Evil:%201", "a%00b", "%F0%9F%98%80", "caf%C3%A9", ""]) {
    const { status, header, text } = await gateway.call(`/v1/file/5?text=${type}`);
    assert.deepEqual(
      { status, evil: header["x-evil"], text },
      { status: 200, evil: undefined, text: "aaaaa" },
    );
  }
});

test("HEAD on a stream without end answers and ends the backend's call", async () => {
  const answer = await sayRaw(gateway.port, "HEAD /v1/pour HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/);
  await assertAnswers();
});
