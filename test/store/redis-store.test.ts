// What the store does with a real Redis, single and as a cluster, while all is well.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { RedisStoreOptions, StoreState } from "../../src/store/redis-store.ts";
import { authorityCert, serverCert, serverKey } from "../server/certificates.ts";
import { type RedisServer, redisMissing, startRedis, startRedisCluster } from "../support/redis-server.ts";
import { bucketOf5, newKey, testStoreContract, windowOf5 } from "./store-contract.ts";
import { openReadyStore, openWithRedis, watchStore } from "./store-states.ts";

/** No test of arithmetic should fail because the machine is busy. */
const patient = { timeoutMs: 5_000 } as const;

testStoreContract("a store in Redis", redisMissing, async () => {
  const redis = await startRedis();
  const { store } = await openReadyStore({ urls: [redis.url], ...patient });
  return {
    store,
    async close() {
      await store.close();
      await redis.close();
    },
  };
});

testStoreContract("a store in a Redis Cluster", redisMissing, async () => {
  const cluster = await startRedisCluster();
  const { store } = await openReadyStore({ urls: cluster.urls, ...patient });
  return {
    store,
    async close() {
      await store.close();
      await cluster.close();
    },
  };
});

describe("a Redis", { skip: redisMissing }, () => {
  test("loses its scripts, and calls do not notice", async (t) => {
    const { store, redis } = await openWithRedis(t, patient);
    const key = newKey();
    for (const remaining of [4, 3, 2, 1]) {
      assert.equal((await store.take(key, bucketOf5, 1)).remaining, remaining);
      assert.equal((await store.take(key, windowOf5, 1)).remaining, remaining);
      await redis.client.script("FLUSH");
    }
    assert.equal(store.states()[0]?.available, true);
  });

  test("is asked by one command for each verdict", async (t) => {
    const { store, redis } = await openWithRedis(t, patient);
    const key = newKey();
    await store.take(key, bucketOf5, 1);
    await store.take(key, windowOf5, 1);
    await redis.client.config("RESETSTAT");
    for (let time = 0; time < 3; time++) {
      await store.take(key, bucketOf5, 1);
      await store.take(key, windowOf5, 1);
    }
    const stats = await redis.client.info("commandstats");
    assert.match(stats, /cmdstat_evalsha:calls=6,/);
    assert.doesNotMatch(stats, /cmdstat_eval:/);
  });

  test("is not asked about a key that it has denied until the key's time has come", async (t) => {
    let nowMs = 0;
    const { store, redis } = await openWithRedis(t, { ...patient, now: () => nowMs });
    for (const rule of [bucketOf5, windowOf5]) {
      const key = newKey();
      await store.take(key, rule, 3);
      const denied = await store.take(key, rule, 3);
      assert.deepEqual([denied.allowed, denied.remaining], [false, 2]);
      const asked = await countAsked(redis, async () => {
        for (let time = 0; time < 100; time++) {
          const again = store.take(key, rule, 3);
          assert.ok(!(again instanceof Promise), "the verdict is there at once");
          assert.deepEqual([again.allowed, again.remaining], [false, 2]);
          // Counted from a point in time, which a double keeps to some billionths of a millisecond.
          assert.ok(Math.abs(again.retryAfterMs - denied.retryAfterMs) < 1e-3);
        }
        const dearer = await store.take(key, rule, 4);
        assert.equal(dearer.allowed, false);
        assert.ok(dearer.retryAfterMs > denied.retryAfterMs - 1e-3);
      });
      assert.equal(asked, 0);
      nowMs += denied.retryAfterMs / 2;
      const later = await store.take(key, rule, 3);
      assert.ok(Math.abs(later.retryAfterMs - denied.retryAfterMs / 2) < 1e-3);
      assert.equal(await countAsked(redis, () => store.take(key, rule, 2)), 1, "less may be there");
      nowMs += denied.retryAfterMs / 2 + 1;
      assert.equal(await countAsked(redis, () => store.take(key, rule, 3)), 1, "its time has come");
    }
  });

  test("remembers keys of a bounded length, and each only until it means nothing", async (t) => {
    const { store, redis } = await openWithRedis(t, patient);
    for (const key of ["x".repeat(100_000), "ж".repeat(90), "y".repeat(200), "sha256:x"]) {
      await store.take(key, bucketOf5, 1);
      await store.take(key, windowOf5, 1);
    }
    const names = (await redis.client.keys("*")).filter((name) => !name.includes("probe"));
    assert.equal(names.length, 8);
    for (const name of names) {
      assert.ok(Buffer.byteLength(name) <= 260, name);
      assert.match(name, /^protogate:[tw][^{]*\{[^{}]*\}$/);
      assert.ok((await redis.client.pttl(name)) > 0, name);
    }
    await store.take("short", { ...bucketOf5, perMs: 50 }, 1);
    await store.take("short", { ...windowOf5, perMs: 50 }, 1);
    while ((await redis.client.keys("*short*")).length > 0);
  });

  test("is reached with a password and in a database of its own", async (t) => {
    const redis = await startRedis({ password: "p@ss:w/rd" });
    t.after(() => redis.close());
    const url = `redis://default:${encodeURIComponent("p@ss:w/rd")}@127.0.0.1:${redis.port}/3`;
    const { store } = await openReadyStore({ urls: [url], ...patient });
    const key = newKey();
    await store.take(key, bucketOf5, 1);
    await store.close();
    await redis.client.select(3);
    assert.equal((await redis.client.keys(`*${key}*`)).length, 1);
  });

  test("that does not know the password is unavailable, and the reason does not show it", async (t) => {
    const redis = await startRedis({ password: "right" });
    t.after(() => redis.close());
    const state = await firstState({ urls: [`redis://:wrong-secret@127.0.0.1:${redis.port}`] });
    assert.equal(state.available, false);
    assert.match(state.reason ?? "", /WRONGPASS/);
    assert.doesNotMatch(state.reason ?? "", /secret/);
  });

  test("is reached over TLS, and only by who knows its authority", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "protogate-redis-tls-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const tls = {
      ca: write("ca", authorityCert),
      cert: write("cert", serverCert),
      key: write("key", serverKey),
    };
    const redis = await startRedis({ tls });
    t.after(() => redis.close());
    const { store } = await openReadyStore({ urls: [redis.url], ...patient, tls: { ca: authorityCert } });
    assert.equal((await store.take(newKey(), bucketOf5, 1)).allowed, true);
    await store.close();
    const state = await firstState({ urls: [redis.url] });
    assert.equal(state.available, false);
    assert.match(state.reason ?? "", /certificate/);
  });
});

/** The first that a store tells of its Redis. */
async function firstState(options: RedisStoreOptions): Promise<StoreState> {
  const { store, until } = watchStore(options);
  const state = await until(() => true);
  await store.close();
  return state;
}

/** How many scripts the server has run meanwhile. */
async function countAsked({ client }: RedisServer, run: () => unknown): Promise<number> {
  await client.config("RESETSTAT");
  await run();
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);
}
