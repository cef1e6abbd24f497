// The listener's door for WebSockets: who gets in, frames at the pace of the slower side, and how connections end.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ListenerOptions } from "../../src/server/listener.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import type { UpgradeHandler, WebSocketChannel } from "../../src/wire/websocket-channel.ts";
import { askHttp1, openListener, openSocket, readAll, text, until } from "./open-listener.ts";
import {
  closeCodeIn,
  handshake,
  openRaw,
  openWebSocket,
  rawFrame,
  startWebSocket,
} from "./websocket-client.ts";

/** A grace nobody reaches. */
const longMs = 600_000;

type Serve = (channel: WebSocketChannel, request: HttpRequest) => Promise<void>;

async function echo(channel: WebSocketChannel): Promise<void> {
  for await (const frame of channel.frames) await channel.send(frame);
}

/** Accepts everything under /ws, with the last subprotocol that is offered. */
function accepting(serve: Serve, maxFrameBytes = 1_000_000): UpgradeHandler {
  return async (request, subprotocols) => {
    if (!request.path.startsWith("/ws")) return undefined;
    return {
      kind: "accepted",
      subprotocol: subprotocols.at(-1),
      maxFrameBytes,
      serve: (channel) => serve(channel, request),
    };
  };
}

async function open(
  t: TestContext,
  upgrade: UpgradeHandler | undefined,
  limits: ListenerOptions["limits"] = {},
) {
  return openListener(t, async (request) => (request.path === "/known" ? text(200, "known") : undefined), {
    ...(upgrade && { upgrade }),
    limits,
  });
}

test("text and binary frames go both ways, also those that came with the handshake", async (t) => {
  const listener = await open(t, accepting(echo));
  const { ws, next, closed } = await openWebSocket(`${listener.url}/ws`);
  ws.send("héllo");
  ws.send(Buffer.from([0, 255]));
  assert.equal(await next(), "héllo");
  assert.deepEqual(await next(), Buffer.from([0, 255]));
  ws.close();
  assert.equal((await closed).code, 1005);

  const early = await openSocket(listener.port);
  early.write(Buffer.concat([Buffer.from(handshake("/ws")), rawFrame(0x81, "early")]));
  let seen = "";
  early.setEncoding("latin1").on("data", (piece: string) => {
    seen += piece;
  });
  await until(() => seen.endsWith("\x81\x05early"));
  assert.match(seen, /^HTTP\/1.1 101 /);
  early.destroy();
  assert.deepEqual(listener.errors, []);
});

test("the protocol's choice of subprotocol is answered, and compression never", async (t) => {
  const listener = await open(t, accepting(echo));
  const { ws } = await openWebSocket(`${listener.url}/ws`, { subprotocols: ["a", "b"] });
  assert.equal(ws.protocol, "b");
  assert.equal(ws.extensions, "");
  ws.terminate();
});

test("a handshake is a request like others: target, header, address, signal", async (t) => {
  const seen = Promise.withResolvers<HttpRequest>();
  const listener = await open(
    t,
    accepting(async (channel, request) => {
      seen.resolve(request);
      await echo(channel);
    }),
  );
  const { ws } = await openWebSocket(`${listener.url}/ws/%2F?a=%20`, { header: { "X-Tag": "1" } });
  const request = await seen.promise;
  assert.equal(request.path, "/ws/%2F");
  assert.equal(request.query, "a=%20");
  assert.equal(request.header.get("x-tag"), "1");
  assert.equal(request.remoteAddress, "127.0.0.1");
  assert.equal(request.signal.aborted, false);
  assert.equal(listener.activeCount, 1);
  ws.terminate();
  await until(() => request.signal.aborted);
  await until(() => listener.activeCount === 0);
});

test("a request that a protocol does not know is answered like any other, and one it refuses as it says", async (t) => {
  const listener = await open(t, async (request) => {
    if (request.path !== "/refused") return undefined;
    return { kind: "refused", response: text(403, "no") };
  });
  for (const [path, status, body] of [
    ["/known", 200, "known"],
    ["/nowhere", 404, "404 fallback /nowhere"],
    ["/refused", 403, "no"],
  ] as const) {
    const answer = await readAll(await openSocket(listener.port, handshake(path)));
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, /connection: close/i);
    assert.ok(answer.endsWith(`\r\n\r\n${body}`), answer);
  }
  assert.equal(listener.activeCount, 0);
});

test("what does not ask for a WebSocket properly is an ordinary request, or told what is wrong", async (t) => {
  const listener = await open(t, accepting(echo));
  const said = (path: string, change: (head: string) => string): Promise<string> =>
    openSocket(listener.port, change(handshake(path, ["Connection: close"]))).then(readAll);
  const ordinary = /^HTTP\/1.1 200 [\s\S]*known$/;
  // `Upgrade` is an offer, which a server may ignore.
  assert.match(await said("/known", (head) => head.replace("Upgrade: websocket", "Upgrade: h2c")), ordinary);
  assert.match(await said("/known", (head) => head.replace("GET", "DELETE")), ordinary);
  assert.match(await said("/known", (head) => head.replace("Connection: Upgrade\r\n", "")), ordinary);
  // A body that is no frame, and would be taken for one.
  const withBody = await openSocket(
    listener.port,
    handshake("/ws", ["Content-Length: 3", "Connection: close"]),
  );
  withBody.write("abc");
  assert.match(await readAll(withBody), /^HTTP\/1.1 404 /);

  const refused = async (change: (head: string) => string): Promise<string> =>
    readAll(await openSocket(listener.port, change(handshake("/ws"))));
  const otherVersion = await refused((head) => head.replace("Version: 13", "Version: 8"));
  assert.match(otherVersion, /^HTTP\/1.1 426 [\s\S]*sec-websocket-version: 13/i);
  assert.match(await refused((head) => head.replace("dGhlIHNhbXBsZSBub25jZQ==", "short")), /^HTTP\/1.1 400 /);
  for (const list of ["a,,b", "a b", "a, a"]) {
    const answer = await refused((head) =>
      head.replace("Host: h", `Host: h\r\nSec-WebSocket-Protocol: ${list}`),
    );
    assert.match(answer, /^HTTP\/1.1 400 /, list);
  }
  assert.match(await refused((head) => head.replace("Host: h", "Host: h\r\nHost: g")), /^HTTP\/1.1 400 /);
  assert.equal(listener.activeCount, 0);
});

test("behind a request that waits for its answer a WebSocket is an ordinary request", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(
    t,
    async (request) => {
      if (request.path === "/slow") await go.promise;
      return text(200, request.path);
    },
    { upgrade: accepting(echo) },
  );
  const socket = await openSocket(listener.port, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => listener.activeCount === 1);
  socket.write(handshake("/ws", ["Connection: close"]));
  await until(() => listener.activeCount === 2);
  go.resolve();
  const seen = await readAll(socket);
  assert.deepEqual(seen.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"]);
  assert.doesNotMatch(seen, / 101 /);
});

test("without a handler for upgrades requests for one are ordinary", async (t) => {
  const listener = await open(t, undefined);
  const answer = await askHttp1(listener.port, {
    path: "/known",
    header: { connection: "Upgrade", upgrade: "websocket" },
  });
  assert.equal(answer.body, "known");
});

test("frames are pulled: a peer whose frames nobody takes has to stop sending", async (t) => {
  const channels: WebSocketChannel[] = [];
  const done = Promise.withResolvers<void>();
  const listener = await open(
    t,
    accepting(async (channel) => {
      channels.push(channel);
      await done.promise;
    }),
  );
  const { ws } = await openWebSocket(`${listener.url}/ws`);
  const frame = Buffer.alloc(64 * 1024);
  const count = 1_000;
  for (let i = 0; i < count; i++) ws.send(frame);
  // The kernel's buffers of both sides take some of it, this process nothing beyond them.
  let before = -1;
  while (before !== ws.bufferedAmount) {
    before = ws.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(before > (count * frame.length) / 2, `${before} bytes wait`);
  let seen = 0;
  const [channel] = channels;
  assert.ok(channel !== undefined);
  for await (const _ of channel.frames) if (++seen === count) break;
  done.resolve();
  assert.equal(ws.bufferedAmount, 0);
});

test("send waits while the peer does not read, and for nobody once it is gone", async (t) => {
  let sent = 0;
  const ended = Promise.withResolvers<void>();
  const listener = await open(
    t,
    accepting(async (channel, { signal }) => {
      while (!signal.aborted) {
        await channel.send(Buffer.alloc(64 * 1024));
        sent++;
      }
      await channel.send("to nobody");
      ended.resolve();
    }),
  );
  const { ws } = await openWebSocket(`${listener.url}/ws`);
  ws.pause();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(sent < 1_000, `${sent} frames of 64 KiB were taken`);
  ws.resume();
  await until(() => sent > before);
  ws.terminate();
  await ended.promise;
});

test("a reader who takes nothing for the stall limit is cut off", async (t) => {
  const reasons: unknown[] = [];
  const listener = await open(
    t,
    accepting(async (channel, { signal }) => {
      while (!signal.aborted) await channel.send(Buffer.alloc(64 * 1024));
      reasons.push(signal.reason.rawMessage);
    }),
    { stallMs: 50, sweepMs: 10 },
  );
  const { ws } = await openWebSocket(`${listener.url}/ws`);
  ws.pause();
  await until(() => reasons.length === 1);
  assert.deepEqual(reasons, ["the client did not move for 50 ms"]);
  ws.terminate();
});

test("what a protocol has sent arrives before its close, however slow the reader", async (t) => {
  const size = 8 * 1024 * 1024;
  const listener = await open(
    t,
    accepting(async (channel) => {
      void channel.send(Buffer.alloc(size));
      void channel.send("end");
      channel.close(4005, `é${"x".repeat(200)}`);
    }),
    { lingerMs: 50 },
  );
  const { ws, frames, closed } = await openWebSocket(`${listener.url}/ws`);
  ws.pause();
  await new Promise((resolve) => setTimeout(resolve, 200));
  ws.resume();
  const { code, reason } = await closed;
  assert.deepEqual(
    frames.map((frame) => frame.length),
    [size, 3],
  );
  assert.equal(code, 4005);
  assert.equal(reason, `é${"x".repeat(121)}`);
});

test("frames that arrive in pieces, slowly, and with pings between them, are whole", async (t) => {
  const listener = await open(t, accepting(echo));
  const { socket, rest } = await openRaw(listener.port, "/ws");
  let seen = "";
  socket.on("data", (piece: Buffer) => {
    seen += piece.toString("latin1");
  });
  const bytes = Buffer.concat([
    rawFrame(0x01, "a"),
    rawFrame(0x89, "ping"),
    rawFrame(0x00, "b"),
    rawFrame(0x80, "c"),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => seen === "\x8a\x04ping\x81\x03abc");
  socket.end(rawFrame(0x88, ""));
  assert.equal(closeCodeIn(await rest), 1005);
});

const broken: readonly (readonly [what: string, bytes: Buffer, closeCode: number])[] = [
  ["a frame over the limit, by its head alone", rawFrame(0x82, "", 1_000_001), 1009],
  [
    "fragments that are over the limit together",
    Buffer.concat([rawFrame(0x02, Buffer.alloc(600_000)), rawFrame(0x80, Buffer.alloc(600_000))]),
    1009,
  ],
  ["text that is not UTF-8", rawFrame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  ["a surrogate in UTF-8", rawFrame(0x81, Buffer.from([0xed, 0xa0, 0x80])), 1007],
  ["a frame that is not masked", Buffer.from([0x81, 0x01, 0x61]), 1002],
  ["a reserved opcode", rawFrame(0x83, "a"), 1002],
  ["a reserved bit, as compression would set it", rawFrame(0xc1, "a"), 1002],
  ["a continuation of nothing", rawFrame(0x80, "a"), 1002],
  ["a ping of more than 125 bytes", rawFrame(0x89, Buffer.alloc(126)), 1002],
  ["a close with a code that nobody may send", rawFrame(0x88, Buffer.from([0x03, 0xed])), 1002],
  ["a length of 2^63", Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
];

for (const [what, bytes, closeCode] of broken) {
  test(`${what} ends the channel with ${closeCode} and aborts the signal`, async (t) => {
    const frames: unknown[] = [];
    const ended = Promise.withResolvers<HttpRequest>();
    const listener = await open(
      t,
      accepting(async (channel, request) => {
        for await (const frame of channel.frames) frames.push(frame);
        await channel.send("nobody hears this");
        ended.resolve(request);
      }),
    );
    const { socket, rest } = await openRaw(listener.port, "/ws");
    socket.write(bytes);
    const { signal } = await ended.promise;
    assert.equal(signal.aborted, true);
    assert.equal(closeCodeIn(await rest), closeCode);
    assert.deepEqual(frames, []);
    assert.equal(listener.errors.length, 1);
    await until(() => listener.activeCount === 0);
  });
}

test("random bytes for frames harm nobody", async (t) => {
  const listener = await open(t, accepting(echo));
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed >> 8;
  };
  for (let round = 0; round < 60; round++) {
    const { socket, rest } = await openRaw(listener.port, "/ws");
    socket.end(Buffer.from(Array.from({ length: 1 + (random() % 300) }, () => random() & 0xff)));
    await rest;
  }
  await until(() => listener.activeCount === 0);
  assert.equal((await askHttp1(listener.port, { path: "/known" })).status, 200);
});

test("a flood of tiny frames is held to what one read of the socket brings", async (t) => {
  let most = 0;
  const listener = await open(
    t,
    accepting(async (channel) => {
      let count = 0;
      for await (const _ of channel.frames) {
        count++;
        if (count % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      most = count;
    }),
  );
  const { socket, rest } = await openRaw(listener.port, "/ws");
  const tiny = rawFrame(0x82, "");
  socket.write(Buffer.concat(Array.from({ length: 100_000 }, () => tiny)));
  socket.write(rawFrame(0x88, ""));
  await rest;
  await until(() => most === 100_000);
});

test("a peer that answers no ping is gone, and one that does stays", async (t) => {
  const reasons: string[] = [];
  const listener = await open(
    t,
    accepting(async (channel, { signal, query }) => {
      await echo(channel);
      reasons.push(`${query} ${signal.reason.rawMessage}`);
    }),
    { pingMs: 40, sweepMs: 10 },
  );
  const alive = await openWebSocket(`${listener.url}/ws?alive`);
  const dead = await openWebSocket(`${listener.url}/ws?dead`, { autoPong: false });
  let pings = 0;
  alive.ws.on("ping", () => pings++);
  assert.equal((await dead.closed).code, 1006);
  await until(() => pings > 5);
  assert.deepEqual(reasons, ["dead the client answered no ping for 40 ms"]);
  alive.ws.terminate();
  await alive.closed;
});

test("a peer whose frames nobody takes is not taken for gone", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await open(
    t,
    accepting(async (channel) => {
      await go.promise;
      await echo(channel);
    }),
    { pingMs: 20, sweepMs: 5 },
  );
  const { ws, next } = await openWebSocket(`${listener.url}/ws`);
  let pings = 0;
  ws.on("ping", () => pings++);
  ws.send("one");
  await until(() => pings > 5);
  go.resolve();
  assert.equal(await next(), "one");
  ws.terminate();
});

test("a listener that closes says 1001 to those who use nothing, and waits for the calls of the others", async (t) => {
  const listener = await open(
    t,
    accepting(async (channel) => {
      for await (const frame of channel.frames) {
        await channel.send(frame);
        if (frame === "last") return;
      }
    }),
  );
  const unused = await openWebSocket(`${listener.url}/ws`);
  const used = await openWebSocket(`${listener.url}/ws`);
  used.ws.send("first");
  assert.equal(await used.next(), "first");
  assert.equal(listener.activeCount, 2);

  let isClosed = false;
  const closing = listener.close(longMs).then(() => {
    isClosed = true;
  });
  assert.equal((await unused.closed).code, 1001);
  used.ws.send("last");
  assert.equal(await used.next(), "last");
  assert.equal(isClosed, false);
  assert.equal((await used.closed).code, 1000);
  await closing;
  await until(() => listener.activeCount === 0);
});

test("at the end of the grace those that are left get 1001, and their signal fires", async (t) => {
  const seen: unknown[] = [];
  const listener = await open(
    t,
    accepting(async (channel, { signal }) => {
      await echo(channel);
      seen.push(signal.reason.rawMessage);
    }),
  );
  const { ws, next, closed } = await openWebSocket(`${listener.url}/ws`);
  ws.send("on");
  await next();
  await listener.close(20);
  assert.deepEqual(await closed, { code: 1001, reason: "the gateway is shutting down" });
  assert.deepEqual(seen, ["the gateway is shutting down"]);
});

test("a protocol that rejects against its contract is 1011 for the client", async (t) => {
  const listener = await open(
    t,
    accepting(async () => {
      throw new Error("secret");
    }),
  );
  const { closed } = startWebSocket(`${listener.url}/ws`);
  assert.deepEqual(await closed, { code: 1011, reason: "internal error" });
  assert.deepEqual(listener.errors, ["WebSocket /ws: secret"]);

  const rejecting = await open(t, async () => {
    throw new Error("secret");
  });
  const answer = await readAll(await openSocket(rejecting.port, handshake("/ws")));
  assert.match(answer, /^HTTP\/1.1 500 [\s\S]*internal error/);
});

test("1,000 idle WebSockets are held, and let go", async (t) => {
  const listener = await open(t, accepting(echo));
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, async () => openSocket(listener.port, handshake("/ws"))),
  );
  await until(() => listener.activeCount === 1_000);
  for (const socket of sockets) socket.destroy();
  await until(() => listener.activeCount === 0);
});

test("the client's close is answered and ends the frames", async (t) => {
  const ended = Promise.withResolvers<boolean>();
  const listener = await open(
    t,
    accepting(async (channel, { signal }) => {
      for await (const _ of channel.frames);
      ended.resolve(signal.aborted);
    }),
  );
  const { ws, closed } = await openWebSocket(`${listener.url}/ws`);
  ws.close(3000, "bye");
  assert.deepEqual(await closed, { code: 3000, reason: "bye" });
  assert.equal(await ended.promise, true);
});
