// The scripts themselves, in a real Redis, by a clock of the test's: the same text with another source of time.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { LimitRule, Verdict } from "../../src/store/limit-store.ts";
import { formatScriptArguments, parseScriptReply, scriptOf } from "../../src/store/redis-scripts.ts";
import { type RedisServer, redisMissing, startRedis } from "../support/redis-server.ts";
import { createBucketModel, createWindowModel, type ReferenceModel } from "./reference-model.ts";

const minute = 60_000;
const startMs = 1_800_000_000_000;

/** Minutes and more, so that nothing expires by the server's own clock meanwhile. */
const steps = fc.array(
  fc.record({
    passMs: fc.oneof(
      { weight: 8, arbitrary: fc.nat(20 * minute) },
      { weight: 1, arbitrary: fc.integer({ min: -300 * minute, max: 0 }) },
      { weight: 1, arbitrary: fc.nat(900 * minute) },
    ),
    cost: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 40 },
);
const numbers = fc.record({
  requests: fc.integer({ min: 1, max: 20 }),
  perMs: fc.integer({ min: 60 * minute, max: 100 * minute }),
  burst: fc.integer({ min: 1, max: 20 }),
});

describe("a script in Redis", { skip: redisMissing }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis?.close());

  const takeAt = async (key: string, nowMs: number, rule: LimitRule, cost: number): Promise<Verdict> => {
    const lua = scriptOf(rule).lua.replace("redis.call('TIME')", "{ ARGV[5], ARGV[6] }");
    const time = [Math.floor(nowMs / 1000), (nowMs % 1000) * 1000].map(String);
    const reply = await redis.client.eval(lua, 1, key, ...formatScriptArguments(rule, cost), ...time);
    const verdict = parseScriptReply(reply, rule);
    assert.ok(verdict, JSON.stringify(reply));
    return verdict;
  };

  let nextKey = 0;
  const compare = async (
    rule: LimitRule,
    model: ReferenceModel,
    takes: readonly { readonly passMs: number; readonly cost: number }[],
  ): Promise<void> => {
    const key = `key ${nextKey++}`;
    let nowMs = startMs;
    for (const { passMs, cost } of takes) {
      nowMs += passMs;
      const { allowed, remaining } = await takeAt(key, nowMs, rule, cost);
      assert.deepEqual({ allowed, remaining }, model.take(nowMs, cost), `at ${nowMs} for ${cost}`);
    }
  };

  test("of the token bucket decides as a bucket that is filled drop by drop", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, steps, (limit, takes) => {
        const rule: LimitRule = { ...limit, algorithm: "token_bucket" };
        return compare(rule, createBucketModel(rule, "shifted"), takes);
      }),
      { numRuns: 200 },
    );
  });

  test("of the sliding window decides as one that remembers every take", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, steps, (limit, takes) => {
        const rule: LimitRule = { ...limit, algorithm: "sliding_window", burst: limit.requests };
        return compare(rule, createWindowModel(rule, "shifted", startMs), takes);
      }),
      { numRuns: 200 },
    );
  });

  test("goes on counting when the server's clock was set back by a day", async () => {
    for (const algorithm of ["token_bucket", "sliding_window"] as const) {
      const rule: LimitRule = { algorithm, requests: 5, perMs: 10 * minute, burst: 5 };
      const key = `set back ${algorithm}`;
      assert.equal((await takeAt(key, startMs, rule, 5)).allowed, true);
      const backMs = startMs - 24 * 60 * minute;
      assert.equal((await takeAt(key, backMs, rule, 1)).allowed, false, "nothing is won by it");
      assert.equal((await takeAt(key, backMs + 20 * minute, rule, 5)).allowed, true, "nobody waits a day");
    }
  });

  test("begins anew where its key holds what no script has written", async () => {
    for (const algorithm of ["token_bucket", "sliding_window"] as const) {
      const rule: LimitRule = { algorithm, requests: 5, perMs: minute, burst: 5 };
      for (const text of ["", "x", "1 2", "x y z", "-1 -1 -1", "nan 1 1", "1 2 3 4"]) {
        await redis.client.set("odd", text);
        const reply = await redis.client
          .eval(scriptOf(rule).lua, 1, "odd", ...formatScriptArguments(rule, 1))
          .catch((error: Error) => error);
        assert.ok(!(reply instanceof Error), `${algorithm} of ${text}: ${reply}`);
      }
    }
  });

  test("counts single units where a billion of them pass in a second", async () => {
    const rule: LimitRule = { algorithm: "token_bucket", requests: 1e9, perMs: 1_000, burst: 1e9 };
    assert.equal((await takeAt("fine", startMs, rule, 1e9 - 20)).remaining, 20);
    assert.equal((await takeAt("fine", startMs, rule, 3)).remaining, 17);
    assert.equal((await takeAt("fine", startMs, rule, 18)).allowed, false);
  });
});

test("a reply is a verdict only where a script could have returned it", () => {
  const rule: LimitRule = { algorithm: "token_bucket", requests: 10, perMs: 1_000, burst: 5 };
  assert.deepEqual(parseScriptReply([0, "3", "20.5", "100"], rule), {
    allowed: false,
    remaining: 3,
    retryAfterMs: 20.5,
    resetMs: 100,
  });
  assert.equal(parseScriptReply([0, "0", "-1", "100"], rule)?.retryAfterMs, Number.POSITIVE_INFINITY);
  const odd = [
    undefined,
    null,
    "OK",
    1,
    {},
    [],
    [1, "1", "0"],
    [1, "1", "0", "0", "0"],
    [2, "1", "0", "0"],
    [1, "6", "0", "0"],
    [1, "-1", "0", "0"],
    [1, "nan", "0", "0"],
    [1, "", "0", "0"],
    [1, null, "0", "0"],
    [1, ["1"], "0", "0"],
    [1, "1", "1e99", "0"],
    [1, "1", "inf", "0"],
    [1, "1", "0", "-5"],
  ];
  for (const reply of odd) assert.equal(parseScriptReply(reply, rule), undefined, JSON.stringify(reply));
});
