// HTTP/1.1 as attackers and broken clients write it: what is refused, how, and that one request is never taken for two.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { openListener, openSocket, readAll, readText, sayRaw, text, until } from "./open-listener.ts";

const host = "Host: h\r\n";
const get = `GET /second HTTP/1.1\r\n${host}\r\n`;
const post = (header: string, body: string): string => `POST /first HTTP/1.1\r\n${host}${header}\r\n${body}`;

/** Each is refused with 400 and the connection ended; what follows on it is never seen as a request. */
const refused: readonly [reason: string, bytes: string][] = [
  [
    "Content-Length and Transfer-Encoding",
    post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${get}`),
  ],
  [
    "Transfer-Encoding and Content-Length",
    post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", `0\r\n\r\n${get}`),
  ],
  ["two Content-Lengths that differ", post("Content-Length: 1\r\nContent-Length: 2\r\n", `ab${get}`)],
  ["a list of Content-Lengths", post("Content-Length: 2, 2\r\n", `ab${get}`)],
  ["a signed Content-Length", post("Content-Length: +2\r\n", `ab${get}`)],
  ["a hexadecimal Content-Length", post("Content-Length: 0x2\r\n", `ab${get}`)],
  ["an empty Content-Length", post("Content-Length:\r\n", get)],
  [
    "a transfer coding that is not chunked last",
    post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${get}`),
  ],
  ["an unknown transfer coding", post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${get}`)],
  ["a space before the colon", post("Content-Length : 2\r\n", `ab${get}`)],
  ["a folded header line", `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
  ["a header line ended by a bare LF", `GET / HTTP/1.1\r\n${host}X: a\nY: b\r\n\r\n`],
  ["a bare CR in a value", `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
  ["a NUL in a value", `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ["a header name that is no token", `GET / HTTP/1.1\r\n${host}X[]: a\r\n\r\n`],
  ["no Host", "GET / HTTP/1.1\r\n\r\n"],
  ["two Hosts", `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`],
  ["an unknown method", `GETX / HTTP/1.1\r\n${host}\r\n`],
  ["an unknown version", `GET / HTTP/3.7\r\n${host}\r\n`],
  ["a fragment in the target", `GET /a#b HTTP/1.1\r\n${host}\r\n`],
  ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["no protocol at all", "hello?\r\n\r\n"],
];

for (const [reason, bytes] of refused) {
  test(`400 and an end for ${reason}`, async (t) => {
    const paths: string[] = [];
    const listener = await openListener(t, async (request) => {
      paths.push(request.path);
      await readText(request.body);
      return text(200, "ok");
    });
    const answer = await sayRaw(listener.port, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer);
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.ok(!paths.includes("/second"));
  });
}

test("a chunk size that is none ends the connection and the body with an error", async (t) => {
  const outcomes: string[] = [];
  const listener = await openListener(t, async (request) => {
    try {
      await readText(request.body);
      outcomes.push("complete");
    } catch (error) {
      outcomes.push(String(error));
    }
    return text(200, "ok");
  });
  const answer = await sayRaw(listener.port, post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\nzz\r\n"));
  assert.match(answer, /^HTTP\/1\.1 400 /);
  await until(() => outcomes.length > 0);
  assert.match(outcomes.join(), /^RpcError: CANCELLED/);
});

test("a parse error while an answer is owed ends the connection without a second answer inside it", async (t) => {
  const gate = Promise.withResolvers<void>();
  const listener = await openListener(t, async (request) => {
    if (request.path === "/slow") await gate.promise;
    return text(200, request.path);
  });
  const socket = await openSocket(listener.port, `GET /a HTTP/1.1\r\n${host}\r\n`);
  await once(socket, "data");
  socket.write(`GET /slow HTTP/1.1\r\n${host}\r\nGET /slow HTTP/1.1\r\n${host}\r\nnonsense\r\n\r\n`);
  const rest = await readAll(socket);
  gate.resolve();
  assert.doesNotMatch(rest, /400/);
});

test("431 reaches a client that is still sending a header of a megabyte", async (t) => {
  const listener = await openListener(t, async () => text(200, "ok"));
  const answer = await sayRaw(listener.port, `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(1_000_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
});

test("a header a little below the limit passes, with entries beyond Node's 2,000", async (t) => {
  const listener = await openListener(t, async (request) => text(200, String(request.header.size)));
  const many = Array.from({ length: 2500 }, () => "x: y\r\n").join("");
  assert.match(
    await sayRaw(listener.port, `GET / HTTP/1.1\r\n${host}Connection: close\r\n${many}\r\n`),
    /\r\n2502$/,
  );
});

test("CONNECT is answered with 405 and the connection ends", async (t) => {
  const listener = await openListener(t, async () => text(200, "reached"));
  assert.match(await sayRaw(listener.port, `CONNECT h:443 HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1\.1 405 /);
});

test("a request to upgrade is served as if it had not asked", async (t) => {
  const listener = await openListener(t, async () => text(200, "plain"));
  for (const protocol of ["h2c", "websocket"]) {
    const answer = await sayRaw(
      listener.port,
      `GET / HTTP/1.1\r\n${host}Connection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*plain$/);
  }
});

test("absolute-form names the host, whatever Host says", async (t) => {
  const listener = await openListener(t, async (request) =>
    text(200, `${request.path} ${request.query} ${request.header.get("host")}`),
  );
  const answer = await sayRaw(
    listener.port,
    `GET http://real.example/a?b HTTP/1.1\r\nHost: lie.example\r\nConnection: close\r\n\r\n`,
  );
  assert.match(answer, /\/a b real\.example$/);
});

test("HTTP/1.0 is served and its connection closed", async (t) => {
  const listener = await openListener(t, async () => text(200, "old"));
  assert.match(await sayRaw(listener.port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 [\s\S]*old$/);
});

test("an expectation that nobody can meet is 417", async (t) => {
  const listener = await openListener(t, async () => text(200, "ok"));
  const bytes = `GET / HTTP/1.1\r\n${host}Connection: close\r\nExpect: miracles\r\n\r\n`;
  assert.match(await sayRaw(listener.port, bytes), /^HTTP\/1\.1 417 /);
});

test("more pipelined requests than one connection may have end it", async (t) => {
  const signals: AbortSignal[] = [];
  const listener = await openListener(
    t,
    (request) => {
      signals.push(request.signal);
      return new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(undefined)));
    },
    { limits: { maxConcurrentRequests: 10 } },
  );
  assert.equal(await sayRaw(listener.port, get.repeat(1000)), "");
  assert.equal(signals.length, 1); // the others never had their turn
  assert.ok(signals.every((signal) => signal.aborted));
  assert.match(listener.errors.join(), /pipelined/);
});

test("pipelined requests are served one after the other, each when the answer before it has left", async (t) => {
  const seen: string[] = [];
  const listener = await openListener(t, async (request) => {
    seen.push(`begins ${request.path}`);
    await setImmediate();
    seen.push(`ends ${request.path}`);
    return text(200, `<${request.path}>`);
  });
  const answer = await sayRaw(
    listener.port,
    `GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}\r\nGET /3 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  );
  assert.match(answer, /<\/1>[\s\S]*<\/2>[\s\S]*<\/3>/);
  assert.deepEqual(
    seen,
    ["/1", "/2", "/3"].flatMap((path) => [`begins ${path}`, `ends ${path}`]),
  );
});
