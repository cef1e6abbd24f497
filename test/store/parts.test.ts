import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCountTable } from "../../src/store/count-table.ts";
import { createKeyHasher } from "../../src/store/hash-key.ts";
import { hashSlot } from "../../src/store/hash-slot.ts";
import { createRedisStore } from "../../src/store/redis-store.ts";
import { formatRedisAddress, parseRedisUrl } from "../../src/store/redis-url.ts";
import { formatSiblingKey, formatStoreKey } from "../../src/store/store-key.ts";
import { bucketOf5 } from "./store-contract.ts";

test("a slot is that of the specification, by what is in the first braces", () => {
  const rows: readonly (readonly [key: string, slot: number, reason: string])[] = [
    ["123456789", 12_739, "the check value of CRC16 XMODEM, 31C3"],
    ["{123456789}", 12_739, "the tag counts"],
    ["a{123456789}b{c}", 12_739, "and only the first"],
    ["foo", 12_182, "as CLUSTER KEYSLOT has it"],
    ["foo{}{bar}", 8_363, "an empty tag is none"],
    ["foo{{bar}}zap", 4_015, "the tag is {bar"],
  ];
  for (const [key, slot, reason] of rows) assert.equal(hashSlot(key), slot, reason);
});

test("a probe is asked of the node that has the key", () => {
  for (const key of ["a", "", "a}b", "{", "x".repeat(300)]) {
    const storeKey = formatStoreKey("protogate", key, bucketOf5);
    assert.equal(hashSlot(formatSiblingKey("protogate", storeKey)), hashSlot(storeKey));
  }
});

test("keys that differ have names that differ, and short ones stay readable", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      if (a !== b) assert.notEqual(formatStoreKey("p", a, bucketOf5), formatStoreKey("p", b, bucketOf5));
    }),
  );
  const long = "x".repeat(201);
  const hashed = formatStoreKey("p", long, bucketOf5);
  assert.equal(formatStoreKey("p", "user 7", bucketOf5), "p:t10/3600000/5:{user 7}");
  assert.match(hashed, /^p:t10\/3600000\/5:\{sha256:.{43}\}$/);
  const forged = hashed.slice(hashed.indexOf("{") + 1, -1);
  assert.notEqual(formatStoreKey("p", forged, bucketOf5), hashed);
});

test("a URL says where a Redis is and who one is there", () => {
  const nobody = { username: undefined, password: undefined, db: 0, tls: false };
  const rows: readonly (readonly [url: string, address: ReturnType<typeof parseRedisUrl>])[] = [
    ["redis://a", { ...nobody, host: "a", port: 6379 }],
    ["redis://a:7/", { ...nobody, host: "a", port: 7 }],
    ["rediss://a:7/2", { ...nobody, host: "a", port: 7, db: 2, tls: true }],
    ["redis://:p%40ss@[::1]:7", { ...nobody, host: "::1", port: 7, password: "p@ss" }],
    ["redis://u:p@10.0.0.1", { ...nobody, host: "10.0.0.1", port: 6379, username: "u", password: "p" }],
  ];
  for (const [url, address] of rows) assert.deepEqual(parseRedisUrl(url), address);
  assert.equal(formatRedisAddress(parseRedisUrl("redis://:x@[::1]:7")), "[::1]:7");
});

test("a URL that is none of a Redis is refused without its password", () => {
  const rows = [
    ["", /such as redis/],
    ["localhost:6379", /begins with redis/],
    ["http://u:secret@a", /begins with redis/],
    ["redis://u:secret@", /such as redis|no host/],
    ["redis:///2", /no host|such as/],
    ["redis://u:secret@a/x", /number of a database/],
    ["redis://u:secret@a/1/2", /number of a database/],
    ["redis://u:%zzsecret@a", /password/],
    ["redis://u:secret@a?db=2", /query/],
    ["redis://u:secret@a:99999", /such as redis/],
  ] as const;
  for (const [url, message] of rows) {
    assert.throws(
      () => createRedisStore({ urls: [url] }),
      (error: Error) =>
        error instanceof TypeError && message.test(error.message) && !/secret/.test(error.message),
      url,
    );
  }
  assert.throws(() => createRedisStore({ urls: [] }), /needs a URL/);
  assert.throws(() => createRedisStore({ urls: ["redis://a/1", "redis://b/1"] }), /no databases/);
});

test("hashes of keys that differ differ, by a secret that nobody knows", () => {
  const hashKey = createKeyHasher();
  const other = createKeyHasher();
  const seen = new Set<string>();
  const into = new Uint32Array(2);
  const parts = ["", "a", "b", "aa", "ab", "ba", "\0", "\0\0", "\0\0\0", "é", "\ud800", "\udc00"];
  for (const a of parts) for (const b of parts) for (const c of parts) seen.add(a + b + c);
  const keys = [...seen, ...Array.from({ length: 100_000 }, (_, index) => `user ${index}`)];
  const hashes = new Set<string>();
  const low = new Uint32Array(256);
  for (const key of keys) {
    hashKey(key, 0, into);
    hashes.add(into.join());
    const at = (into[0] ?? 0) & 255;
    low[at] = (low[at] ?? 0) + 1;
  }
  assert.equal(hashes.size, keys.length);
  assert.ok(
    Math.min(...low) > 250 && Math.max(...low) < 550,
    "the low bits, which choose the place, are even",
  );
  const own = into.join();
  other(keys.at(-1) ?? "", 0, into);
  assert.notEqual(into.join(), own);
  hashKey(keys.at(-1) ?? "", 1, into);
  assert.notEqual(into.join(), own, "the salt counts");
});

test("a table holds what a map holds, as long as it is asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(1_000)), { maxLength: 2_000 }), (writes) => {
      const table = createCountTable(200, 2);
      const map = new Map<number, number>();
      for (const [key, value] of writes) {
        // Many share their place, and some both of their words but one bit.
        const hash = Uint32Array.of((key % 3) + 1, key);
        assert.equal(table.find(hash) >= 0, map.has(key));
        const at = table.locate(hash);
        assert.equal(table.values[at + 1], map.get(key) ?? 0);
        table.values[at + 1] = value;
        map.set(key, value);
      }
    }),
  );
});
