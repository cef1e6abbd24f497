// What every limit store does, whatever counts behind it. The limits are of minutes where time must not matter.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule, LimitStore } from "../../src/store/limit-store.ts";

export interface OpenStore {
  readonly store: LimitStore;
  close(): Promise<void>;
}

const hour = 3_600_000;
export const bucketOf5: LimitRule = { algorithm: "token_bucket", requests: 10, perMs: hour, burst: 5 };
export const windowOf5: LimitRule = { algorithm: "sliding_window", requests: 5, perMs: hour, burst: 5 };

let nextKey = 0;
export const newKey = (): string => `key ${process.pid} ${nextKey++}`;

export function testStoreContract(name: string, skip: string | false, open: () => Promise<OpenStore>): void {
  describe(name, { skip }, () => {
    let opened: OpenStore;
    before(async () => {
      opened = await open();
    });
    after(() => opened?.close());
    const take = async (key: string, rule: LimitRule, cost = 1) => opened.store.take(key, rule, cost);

    for (const rule of [bucketOf5, windowOf5]) {
      const of = rule.algorithm;

      test(`${of}: a burst is admitted and no more, and what remains is counted down`, async () => {
        const key = newKey();
        for (const remaining of [4, 3, 2, 1, 0]) {
          const verdict = await take(key, rule);
          assert.deepEqual([verdict.allowed, verdict.remaining, verdict.retryAfterMs], [true, remaining, 0]);
          assert.ok(verdict.resetMs > 0);
        }
        const denied = await take(key, rule);
        assert.deepEqual([denied.allowed, denied.remaining], [false, 0]);
        assert.ok(denied.retryAfterMs > 0 && denied.retryAfterMs <= 2 * hour);
        assert.ok(denied.resetMs >= denied.retryAfterMs);
      });

      test(`${of}: a cost is taken whole or not at all`, async () => {
        const key = newKey();
        assert.equal((await take(key, rule, 3)).remaining, 2);
        const denied = await take(key, rule, 3);
        assert.deepEqual([denied.allowed, denied.remaining], [false, 2]);
        assert.equal((await take(key, rule, 2)).allowed, true);
      });

      test(`${of}: a cost beyond the limit is never admitted and takes nothing`, async () => {
        const key = newKey();
        const denied = await take(key, rule, 6);
        assert.deepEqual(
          [denied.allowed, denied.remaining, denied.retryAfterMs, denied.resetMs],
          [false, 5, Number.POSITIVE_INFINITY, 0],
        );
        assert.equal((await take(key, rule, 5)).allowed, true);
        assert.equal((await take(key, rule, 6)).retryAfterMs, Number.POSITIVE_INFINITY);
      });

      test(`${of}: of a hundred at once exactly the burst is admitted`, async () => {
        const key = newKey();
        const verdicts = await Promise.all(Array.from({ length: 100 }, () => take(key, rule)));
        assert.equal(verdicts.filter(({ allowed }) => allowed).length, 5);
      });

      test(`${of}: after the time that a denial names, the same cost is admitted`, async () => {
        const key = newKey();
        const quick: LimitRule = { ...rule, requests: 5, perMs: 200 };
        for (let round = 0; round < 3; round++) {
          while ((await take(key, quick, 2)).allowed);
          const denied = await take(key, quick, 2);
          await sleep(Math.ceil(denied.retryAfterMs) + 2);
          assert.equal((await take(key, quick, 2)).allowed, true);
        }
      });

      test(`${of}: fractions of units are costs too`, async () => {
        const key = newKey();
        for (let time = 0; time < 10; time++) assert.equal((await take(key, rule, 0.5)).allowed, true);
        assert.equal((await take(key, rule, 0.5)).allowed, false);
      });

      test(`${of}: keys of any content and length have counts of their own`, async () => {
        const suffix = newKey();
        const long = "x".repeat(10_000);
        const keys = ["", "{", "}", "{}", "a{b}c", "\0", "\n\r ", "__proto__", "ключ", "🔑", "a:b", "A:b"];
        keys.push(
          long,
          `${long}1`,
          `${long}2`,
          "y".repeat(200),
          "y".repeat(201),
          "ж".repeat(100),
          "ж".repeat(101),
        );
        for (const key of keys) {
          assert.equal((await take(key + suffix, rule, 5)).allowed, true, JSON.stringify(key.slice(0, 20)));
        }
        for (const key of keys) assert.equal((await take(key + suffix, rule, 1)).allowed, false);
      });

      test(`${of}: a rule that differs in anything has a count of its own under the same key`, async () => {
        const key = newKey();
        const other = of === "token_bucket" ? windowOf5 : bucketOf5;
        const rules = [rule, other, { ...rule, perMs: 2 * hour }, { ...rule, requests: 6, burst: 6 }];
        for (const each of rules) assert.equal((await take(key, each, 5)).allowed, true);
      });
    }

    test("a bucket fills again at its rate, a unit at a time", async () => {
      const key = newKey();
      const rule: LimitRule = { algorithm: "token_bucket", requests: 10, perMs: 1_000, burst: 2 };
      assert.equal((await take(key, rule, 2)).allowed, true);
      const denied = await take(key, rule, 1);
      assert.equal(denied.allowed, false);
      await sleep(Math.ceil(denied.retryAfterMs) + 2);
      const admitted = await take(key, rule, 1);
      assert.deepEqual([admitted.allowed, admitted.remaining], [true, 0]);
    });

    test("a limit of a billion bytes counts single bytes", async () => {
      const key = newKey();
      const rule: LimitRule = { algorithm: "sliding_window", requests: 1e9, perMs: hour, burst: 1e9 };
      assert.equal((await take(key, rule, 1e9 - 20)).remaining, 20);
      assert.equal((await take(key, rule, 3)).remaining, 17);
    });
  });
}
