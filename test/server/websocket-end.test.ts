// How WebSockets end: by the heartbeat, with the listener, by either side's close.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accepting, echo, openDoor } from "./open-door.ts";
import { openSocket, readAll, until } from "./open-listener.ts";
import { handshake, openWebSocket, startWebSocket } from "./websocket-client.ts";

/** A grace nobody reaches. */
const longMs = 600_000;

test("a peer that answers no ping is gone, and one that does stays", async (t) => {
  const reasons: string[] = [];
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(
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
  const listener = await openDoor(
    t,
    accepting(async () => {
      throw new Error("secret");
    }),
  );
  const { closed } = startWebSocket(`${listener.url}/ws`);
  assert.deepEqual(await closed, { code: 1011, reason: "internal error" });
  assert.deepEqual(listener.errors, ["WebSocket /ws: secret"]);

  const rejecting = await openDoor(t, async () => {
    throw new Error("secret");
  });
  const answer = await readAll(await openSocket(rejecting.port, handshake("/ws")));
  assert.match(answer, /^HTTP\/1.1 500 [\s\S]*internal error/);
});

test("the client's close is answered and ends the frames", async (t) => {
  const ended = Promise.withResolvers<boolean>();
  const listener = await openDoor(
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
