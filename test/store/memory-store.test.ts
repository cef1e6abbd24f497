import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { bucketOf5, testStoreContract, windowOf5 } from "./store-contract.ts";

testStoreContract("a store in memory", false, async () => {
  const store = createMemoryStore();
  return { store, close: () => store.close() };
});

test("a million distinct keys stay within the bound, and the oldest go", () => {
  const store = createMemoryStore({ maxKeys: 10_000 });
  for (const rule of [bucketOf5, windowOf5]) {
    for (let key = 0; key < 1_000_000; key++) store.take(`key ${key}`, rule, 5);
    assert.ok(store.keyCount <= 20_000, `${store.keyCount} keys`);
    assert.equal(store.take("key 999999", rule, 1).allowed, false);
    assert.equal(store.take("key 995001", rule, 1).allowed, false, "the last half is always there");
    assert.equal(store.take("key 0", rule, 5).allowed, true, "the first begins anew");
  }
});

test("of many keys the last are there, wherever they lie in the table", () => {
  const store = createMemoryStore({ maxKeys: 100_000 });
  for (const rule of [bucketOf5, windowOf5]) {
    for (let key = 0; key < 300_000; key++) store.take(`key ${key}`, rule, 5);
    assert.ok(store.keyCount <= 200_000, `${store.keyCount} keys`);
    for (let key = 260_000; key < 300_000; key++) {
      assert.equal(store.take(`key ${key}`, rule, 1).allowed, false);
    }
  }
});

test("a key in use outlives any number of others", () => {
  const store = createMemoryStore({ maxKeys: 1_000 });
  for (const rule of [bucketOf5, windowOf5]) {
    assert.equal(store.take("busy", rule, 5).allowed, true);
    for (let key = 0; key < 100_000; key++) {
      store.take(`key ${key}`, rule, 1);
      if (key % 400 === 0) assert.equal(store.take("busy", rule, 1).allowed, false);
    }
  }
});

test("the smallest of bounds still counts", () => {
  for (const maxKeys of [0, 1, 2, 3]) {
    const store = createMemoryStore({ maxKeys });
    assert.equal(store.take("a", bucketOf5, 5).allowed, true);
    assert.equal(store.take("a", bucketOf5, 1).allowed, false);
    for (let key = 0; key < 1_000; key++) store.take(`key ${key}`, bucketOf5, 1);
    assert.ok(store.keyCount <= Math.max(2, maxKeys));
  }
});

test("a clock that goes back lets no time pass, and goes on from there", () => {
  let nowMs = 1_000_000;
  const store = createMemoryStore({ now: () => nowMs });
  for (const rule of [bucketOf5, windowOf5]) {
    const key = `key of ${rule.algorithm}`;
    assert.equal(store.take(key, rule, 5).allowed, true);
    const { retryAfterMs } = store.take(key, rule, 1);
    nowMs -= 900_000;
    assert.equal(store.take(key, rule, 1).retryAfterMs, retryAfterMs);
    nowMs += retryAfterMs;
    assert.equal(store.take(key, rule, 1).allowed, true);
  }
});
