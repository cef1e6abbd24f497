// The laws of streams over WebSocket: the slower side sets the pace, and each side's end is the other's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../server/open-listener.ts";
import { allFrames, note, openEdge, readNote } from "./websocket-fixture.ts";

/** Waits until a number stands still. */
async function rest(value: () => number): Promise<number> {
  let before = -1;
  while (before !== value()) {
    before = value();
    await sleep(150);
  }
  return before;
}

const data = Buffer.alloc(32 * 1024);
const piece = note({ data });

test("a slow reader stops the backend's sends", async (t) => {
  const count = 2_000;
  let sent = 0;
  const { open } = await openEdge(t, {
    ServerStreaming: async (call) => {
      while (sent < count) {
        sent++;
        if (!call.write(piece)) await new Promise((resolve) => call.once("drain", resolve));
      }
      call.end();
    },
  });
  const socket = await open("/test.Transport/ServerStreaming", { subprotocols: ["protogate.proto"] });
  socket.ws.send('{"message":{}}');
  await until(() => socket.frames.length > 1);
  socket.ws.pause();
  const held = await rest(() => sent);
  // 64 MB in all; what is on its way is in the windows and buffers of two sockets.
  assert.ok(held < count / 2, `${held} of ${count} were sent`);
  socket.ws.resume();
  assert.equal((await socket.closed).code, 1000);
  assert.equal(socket.frames.length, count + 2);
});

test("a slow backend stops the client's sends", async (t) => {
  const count = 2_000;
  let go: (() => void) | undefined;
  const { open } = await openEdge(t, {
    ClientStreaming: (call, reply) => {
      let size = 0;
      go = () =>
        void call.on("data", () => size++).on("end", () => reply(null, note({ size: BigInt(size) })));
    },
  });
  const socket = await open("/test.Transport/ClientStreaming");
  for (let i = 0; i < count; i++) socket.ws.send(piece);
  socket.ws.send('{"halfClose":true}');
  await until(() => go !== undefined);
  const held = await rest(() => socket.ws.bufferedAmount);
  assert.ok(held > (count * piece.length) / 2, `${held} bytes wait in the client`);
  go?.();
  const frames = await allFrames(socket);
  assert.deepEqual(frames[1], { message: { size: "2000" } });
});

test("a client that leaves cancels its call, whatever the kind and wherever it stands", async (t) => {
  let begun = 0;
  const cancelled: string[] = [];
  const watch = (name: string, call: { on(event: "cancelled", listener: () => void): unknown }): void => {
    begun++;
    call.on("cancelled", () => cancelled.push(name));
  };
  const { open, listener } = await openEdge(t, {
    Unary: (call) => watch("unary", call),
    ServerStreaming: (call) => watch("server", call),
    ClientStreaming: (call) =>
      watch(
        "client",
        call.on("data", () => {}),
      ),
    Bidi: (call) =>
      watch(
        "bidi",
        call.on("data", () => {}),
      ),
  });
  const leave = ["close", "terminate"] as const;
  for (const how of leave) {
    for (const [method, halfClose] of [
      ["Unary", false],
      ["ServerStreaming", true],
      ["ClientStreaming", false],
      ["ClientStreaming", true],
      ["Bidi", false],
      ["Bidi", true],
    ] as const) {
      const { ws } = await open(`/test.Transport/${method}`);
      const before = begun;
      ws.send('{"message":{}}');
      if (halfClose) ws.send('{"halfClose":true}');
      await until(() => begun > before);
      ws[how]();
    }
  }
  await until(() => cancelled.length === leave.length * 6);
  await until(() => listener.activeCount === 0);
});

test("a client that leaves before it has said anything makes no call", async (t) => {
  let begun = 0;
  const { open, listener, log } = await openEdge(t, { Unary: () => void begun++, Bidi: () => void begun++ });
  for (const path of ["/test.Transport/Unary", "/test.Transport/Bidi"]) {
    const silent = await open(path);
    silent.ws.close();
    await silent.closed;
  }
  const half = await open("/test.Transport/Unary");
  half.ws.send('{"header":{}}');
  half.ws.terminate();
  await until(() => listener.activeCount === 0);
  assert.equal(begun, 0);
  assert.deepEqual(log, []);
});

test("a backend that ends early ends the client's stream, which may go on talking", async (t) => {
  const { open } = await openEdge(t, {
    Bidi: (call) => {
      call.once("data", () => {
        call.write(note({ text: "enough" }));
        call.end();
      });
    },
  });
  const socket = await open("/test.Transport/Bidi");
  for (let i = 0; i < 200; i++) socket.ws.send(piece);
  assert.equal((await socket.closed).code, 1000);
  assert.equal(JSON.parse(socket.frames[1] as string).message.text, "enough");
});

test("a message of exactly the limit passes, one byte more does not, and a much larger frame is 1009", async (t) => {
  const { open } = await openEdge(t, {
    Unary: (call, reply) => reply(null, note({ size: BigInt(call.request.length) })),
  });
  const sized = (size: number): Buffer => {
    const empty = note({ data: Buffer.alloc(size) }).length - size;
    return note({ data: Buffer.alloc(size - empty) });
  };
  const limit = 100_000;
  const exact = await open("/test.Transport/Unary");
  assert.equal(sized(limit).length, limit);
  exact.ws.send(sized(limit));
  assert.deepEqual((await allFrames(exact))[1], { message: { size: "100000" } });
  const over = await open("/test.Transport/Unary");
  over.ws.send(sized(limit + 1));
  assert.deepEqual(await over.closed, {
    code: 4008,
    reason: "message 1 is larger than the limit of 100000 bytes",
  });
  const json = await open("/test.Transport/Unary");
  json.ws.send(`{"message":{"text":"${"x".repeat(limit)}"}}`);
  assert.equal((await json.closed).code, 4008);
  const far = await open("/test.Transport/Unary");
  far.ws.send(Buffer.alloc(limit + 2_000));
  assert.equal((await far.closed).code, 1009);
});

test("messages in fragments are whole", async (t) => {
  const { open } = await openEdge(t, {
    Unary: (call, reply) => reply(null, note({ text: readNote(call.request).text })),
  });
  const socket = await open("/test.Transport/Unary");
  socket.ws.send('{"mess', { fin: false });
  socket.ws.send('age":{"text":"', { fin: false });
  socket.ws.ping();
  socket.ws.send('é"}}', { fin: true });
  assert.deepEqual((await allFrames(socket))[1], { message: { text: "é" } });
});

test("a frame that is broken in the middle of a call cancels it", async (t) => {
  let cancelled = 0;
  let begun = 0;
  const { open, listener } = await openEdge(t, {
    Bidi: (call) => {
      begun++;
      call.on("data", () => {}).on("cancelled", () => cancelled++);
    },
  });
  const socket = await open("/test.Transport/Bidi");
  socket.ws.send('{"message":{}}');
  await until(() => begun === 1);
  // Not UTF-8: the library sends bytes as text when told so.
  socket.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
  assert.equal((await socket.closed).code, 1007);
  await until(() => cancelled === 1);
  assert.equal(listener.errors.length, 1);
});

test("a listener that closes lets a call end with its end frame", async (t) => {
  let end: (() => void) | undefined;
  const { open, listener } = await openEdge(t, {
    Bidi: (call) => {
      call.on("data", () => {});
      call.write(note({ text: "on" }));
      end = () => call.end();
    },
  });
  const idle = await open("/test.Transport/Bidi");
  const socket = await open("/test.Transport/Bidi");
  socket.ws.send('{"message":{}}');
  await until(() => socket.frames.length === 2);
  const closing = listener.close(600_000);
  assert.equal((await idle.closed).code, 1001);
  end?.();
  assert.equal((await socket.closed).code, 1000);
  assert.deepEqual(JSON.parse(socket.frames.at(-1) as string).end.code, 0);
  await closing;
});

test("1,000 WebSockets whose calls rest on both sides", async (t) => {
  let begun = 0;
  let cancelled = 0;
  const { open, listener } = await openEdge(t, {
    Bidi: (call) => {
      begun++;
      call.on("data", () => {}).on("cancelled", () => cancelled++);
    },
  });
  const sockets = await Promise.all(Array.from({ length: 1_000 }, () => open("/test.Transport/Bidi")));
  for (const { ws } of sockets) ws.send('{"header":{}}');
  await until(() => begun === 1_000);
  assert.equal(listener.activeCount, 1_000);
  for (const { ws } of sockets) ws.terminate();
  await until(() => cancelled === 1_000);
  await until(() => listener.activeCount === 0);
});
