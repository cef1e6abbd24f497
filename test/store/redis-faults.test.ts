// What the store does while its Redis is dead, slow, full or talks nonsense: it never waits longer than it should, never
// waits for what is known to be dead, and is back without a restart.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type LimitStore, StoreUnavailable } from "../../src/store/limit-store.ts";
import { redisMissing, startRedisCluster } from "../support/redis-server.ts";
import { startDelayingProxy } from "./delaying-proxy.ts";
import { bucketOf5, newKey } from "./store-contract.ts";
import { openReadyStore, openWithRedis, watchStore } from "./store-states.ts";

const isDown = ({ available }: { available: boolean }): boolean => !available;
const isUp = ({ available }: { available: boolean }): boolean => available;

describe("a Redis that fails", { skip: redisMissing }, () => {
  test("killed: refused at once, told once; restarted: asked again, told once", async (t) => {
    const { store, told, until, redis } = await openWithRedis(t, { timeoutMs: 2_000 });
    const key = newKey();
    await store.take(key, bucketOf5, 1);
    for (let round = 0; round < 2; round++) {
      const from = told.length;
      await redis.kill();
      await until(isDown, from);
      await assertRefusedAtOnce(store);
      for (let time = 0; time < 1_000; time++) await assert.rejects(takeOf(store), StoreUnavailable);
      assert.equal(told.length, from + 1);
      await redis.restart();
      await until(isUp, from + 1);
      assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
      assert.deepEqual(
        told.slice(from).map(({ available }) => available),
        [false, true],
      );
    }
  });

  test("killed with questions open: each of them fails and none is asked a second time", async (t) => {
    const { store, redis, until } = await openWithRedis(t, { timeoutMs: 60_000 });
    redis.pause();
    const open = Array.from({ length: 50 }, () => takeOf(store));
    const settled = Promise.allSettled(open);
    await redis.kill();
    for (const { status } of await settled) assert.equal(status, "rejected");
    await until(isDown);
    await redis.restart();
    await until(isUp, 2);
    assert.doesNotMatch((await redis.client.keys("*")).join(), /:\{key/);
  });

  test("not there at the start: refused, told once, found when it comes", async (t) => {
    const { redis } = await openWithRedis(t);
    await redis.kill();
    const { store, told, until } = watchStore({ urls: [redis.url] });
    t.after(() => store.close());
    await assertRefusedAtOnce(store);
    const down = await until(isDown);
    assert.match(down.reason ?? "", /ECONNREFUSED/);
    await redis.restart();
    await until(isUp);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
    assert.equal(told.length, 2);
  });

  test("asleep for two seconds: questions end by the timeout, then nobody waits, then it is back", async (t) => {
    const { store, until, redis, told } = await openWithRedis(t, { timeoutMs: 50 });
    const asleep = redis.client.call("DEBUG", "SLEEP", "2");
    for (let time = 0; time < 20; time++) {
      await takeOf(store).catch((reason) => assert.ok(reason instanceof StoreUnavailable));
    }
    const down = await until(isDown);
    assert.match(down.reason ?? "", /not answered within 50 milliseconds/);
    await assertRefusedAtOnce(store);
    await asleep;
    await until(isUp, 2);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
    assert.deepEqual(
      told.map(({ available }) => available),
      [true, false, true],
    );
  });

  test("behind a network that delays by two seconds: the same", async (t) => {
    const { redis } = await openWithRedis(t);
    const proxy = await startDelayingProxy(redis.port);
    t.after(() => proxy.close());
    const { store, until } = await openReadyStore({ urls: [`redis://127.0.0.1:${proxy.port}`] });
    t.after(() => store.close());
    proxy.delayMs = 2_000;
    await assertFailsUntilRefused(store);
    await until(isDown);
    proxy.delayMs = 0;
    await until(isUp, 2);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
  });

  test("behind a network that swallows everything: given up, and found again by a new connection", async (t) => {
    const { redis } = await openWithRedis(t);
    const proxy = await startDelayingProxy(redis.port);
    t.after(() => proxy.close());
    const { store, until } = await openReadyStore({ urls: [`redis://127.0.0.1:${proxy.port}`] });
    t.after(() => store.close());
    proxy.swallow();
    await assertFailsUntilRefused(store);
    await until(isDown);
    await until(isUp, 2);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
  });

  test("full: unavailable with the reason it gives; with room again: asked again", async (t) => {
    const { store, until, redis } = await openWithRedis(
      t,
      { timeoutMs: 2_000 },
      { args: ["--maxmemory-policy", "noeviction"] },
    );
    await redis.client.config("SET", "maxmemory", "1");
    await assertFailsUntilRefused(store);
    const down = await until(isDown);
    assert.match(down.reason ?? "", /OOM/);
    await redis.client.config("SET", "maxmemory", "0");
    await until(isUp, 2);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
  });

  test("a replica that takes no writes: unavailable; a master again: asked again", async (t) => {
    const { store, until, redis } = await openWithRedis(t, { timeoutMs: 2_000 });
    await redis.client.call("REPLICAOF", "127.0.0.1", "1");
    await assertFailsUntilRefused(store);
    await until(isDown);
    await redis.client.call("REPLICAOF", "NO", "ONE");
    await until(isUp, 2);
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
  });

  test("a cluster that is closed while it is asked who has which key leaves no timer behind", {
    timeout: 60_000,
  }, async (t) => {
    const cluster = await startRedisCluster();
    t.after(() => cluster.close());
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const timersBefore = timers();
    const { store } = await openReadyStore({ urls: cluster.urls });
    for (const node of cluster.nodes) node.pause();
    // It is asked every five seconds, and does not answer.
    await sleep(5_500);
    await store.close();
    while (timers() > timersBefore) await sleep(50);
  });

  test("one node of a cluster dead: keys of the other are counted as ever", async (t) => {
    const cluster = await startRedisCluster();
    t.after(() => cluster.close());
    const { store, until, told } = await openReadyStore({ urls: cluster.urls, timeoutMs: 2_000 });
    t.after(() => store.close());
    const keys = Array.from({ length: 40 }, newKey);
    for (const key of keys) await store.take(key, bucketOf5, 1);
    const [dead, alive] = cluster.nodes;
    assert.ok(dead && alive);
    await dead.kill();
    const deadName = `127.0.0.1:${dead.port}`;
    let gone = false;
    const noted = until(({ node, available }) => node === deadName && !available).then(() => {
      gone = true;
    });
    while (!gone) {
      for (const key of keys) await Promise.resolve(store.take(key, bucketOf5, 1)).catch(() => {});
    }
    await noted;
    const states = new Map(store.states().map(({ node, available }) => [node, available]));
    assert.equal(states.get(deadName), false);
    assert.equal(states.get(`127.0.0.1:${alive.port}`), true);
    const verdicts = await Promise.allSettled(
      Array.from({ length: 40 }, async () => store.take(newKey(), bucketOf5, 1)),
    );
    const counted = verdicts.filter(({ status }) => status === "fulfilled").length;
    assert.ok(counted > 5 && counted < 35, `${counted} of 40`);
    assert.ok(!told.some(({ node, available }) => node !== deadName && !available));
  });
});

describe("a server that is no Redis", () => {
  const nonsense: readonly (readonly [title: string, answer: string | Buffer])[] = [
    ["HTTP", "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"],
    ["bytes of no meaning", Buffer.from([0, 255, 254, 13, 10, 1, 2, 3])],
    ["OK to everything", "+OK\r\n"],
    ["null to everything", "$-1\r\n"],
    ["null of RESP3 to everything", "_\r\n"],
    ["an array of nonsense", "*4\r\n:1\r\n$3\r\nabc\r\n_\r\n#t\r\n"],
    ["a length beyond all measure", "$99999999999999\r\nx"],
    ["arrays in arrays without end", "*1\r\n".repeat(20_000)],
    ["more answers than questions", "+OK\r\n$-1\r\n_\r\n*0\r\n:1\r\n".repeat(20)],
    ["errors that redirect to nowhere", "-MOVED 99999 nowhere:0\r\n"],
    ["errors of a prototype", "-MOVED __proto__ 127.0.0.1:1\r\n"],
    ["messages of a channel", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"],
    ["nothing at all", ""],
  ];
  for (const [title, answer] of nonsense) {
    test(`that says ${title} is unavailable, and nothing else happens`, async (t) => {
      const port = await startFake(t, answer);
      const { store } = watchStore({ urls: [`redis://127.0.0.1:${port}`], timeoutMs: 50 });
      t.after(() => store.close());
      for (let time = 0; time < 30; time++) {
        await assert.rejects(takeOf(store), StoreUnavailable);
        await sleep(10);
      }
    });
  }

  test("that takes part in the handshake and then talks nonsense is unavailable too", async (t) => {
    for (const [, answer] of nonsense) {
      const port = await startFake(t, answer, true);
      const { store } = watchStore({ urls: [`redis://127.0.0.1:${port}`], timeoutMs: 50 });
      t.after(() => store.close());
      for (let time = 0; time < 15; time++) {
        await assert.rejects(takeOf(store), StoreUnavailable);
        await sleep(10);
      }
    }
  });
});

async function takeOf(store: LimitStore): Promise<unknown> {
  return store.take(newKey(), bucketOf5, 1);
}

/** Nothing but microtasks passes: an immediate that was set before comes after all of it. */
async function assertRefusedAtOnce(store: LimitStore): Promise<void> {
  let passed = false;
  setImmediate(() => {
    passed = true;
  });
  for (let time = 0; time < 100; time++) await assert.rejects(takeOf(store), StoreUnavailable);
  assert.equal(passed, false);
}

async function assertFailsUntilRefused(store: LimitStore): Promise<void> {
  for (let time = 0; time < 5; time++) {
    await takeOf(store).catch((reason) => assert.ok(reason instanceof StoreUnavailable));
  }
  await assertRefusedAtOnce(store);
}

/** Says the same to whatever comes; where it shakes hands, only to EVALSHA and EVAL. */
async function startFake(t: TestContext, answer: string | Buffer, handshake = false): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const text = chunk.toString("latin1").toLowerCase();
      if (handshake && !text.includes("eval")) {
        if (text.includes("hello")) socket.write("%1\r\n$5\r\nproto\r\n:3\r\n");
        if (text.includes("info")) socket.write("$9\r\nloading:0\r\n");
        return;
      }
      socket.write(answer);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
