// Frames of a WebSocket: at the pace of the slower side, whole, and what becomes of those who break them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import type { WebSocketChannel } from "../../src/wire/websocket-channel.ts";
import { accepting, echo, openDoor } from "./open-door.ts";
import { askHttp1, openSocket, until } from "./open-listener.ts";
import { closeCodeIn, handshake, openRaw, openWebSocket, rawFrame } from "./websocket-client.ts";

test("frames are pulled: a peer whose frames nobody takes has to stop sending", async (t) => {
  const channels: WebSocketChannel[] = [];
  const done = Promise.withResolvers<void>();
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(t, accepting(echo));
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
    const listener = await openDoor(
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
  const listener = await openDoor(t, accepting(echo));
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
  const listener = await openDoor(
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

test("1,000 idle WebSockets are held, and let go", async (t) => {
  const listener = await openDoor(t, accepting(echo));
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, async () => openSocket(listener.port, handshake("/ws"))),
  );
  await until(() => listener.activeCount === 1_000);
  for (const socket of sockets) socket.destroy();
  await until(() => listener.activeCount === 0);
});
