// Many gateways, one limit: what they admit together is what one of them would.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { LimitRule } from "../../src/store/limit-store.ts";
import { type RedisServer, redisMissing, startRedis, startRedisCluster } from "../support/redis-server.ts";
import type { LoadOutcome, SteadyLoad } from "./steady-load.ts";

const processes = 4;
const durationMs = 4_000;

describe("fifty gateways in four processes", { skip: redisMissing }, () => {
  test("admit by a token bucket its burst and its rate: not one more, and one in a hundred less at most", async (t) => {
    const rule: LimitRule = { algorithm: "token_bucket", requests: 500, perMs: 1_000, burst: 50 };
    const redis = await startRedis();
    t.after(() => redis.close());
    const total = await putUnderLoad(t, redis, [redis.url], rule);
    const most = rule.burst + ((total.lastMs - total.firstMs) * rule.requests) / rule.perMs;
    // Those that were there when all of them had begun and nobody had ended.
    const least = rule.burst + (total.sharedMs * rule.requests) / rule.perMs;
    t.diagnostic(`${total.admitted} admitted of ${most.toFixed(1)}, ${total.denied} denied`);
    assert.ok(total.admitted <= most, `${total.admitted} of ${most}`);
    assert.ok(total.admitted >= 0.99 * least, `${total.admitted} of ${least}`);
    assert.ok(total.denied > total.admitted, "the load was more than the limit");
  });

  test("admit the same through a cluster", async (t) => {
    const rule: LimitRule = { algorithm: "token_bucket", requests: 500, perMs: 1_000, burst: 50 };
    const cluster = await startRedisCluster();
    t.after(() => cluster.close());
    const [node] = cluster.nodes;
    assert.ok(node);
    const total = await putUnderLoad(t, node, cluster.urls, rule);
    const most = rule.burst + ((total.lastMs - total.firstMs) * rule.requests) / rule.perMs;
    assert.ok(total.admitted <= most, `${total.admitted} of ${most}`);
    assert.ok(total.admitted >= 0.99 * (rule.burst + (total.sharedMs * rule.requests) / rule.perMs));
  });

  test("admit by a sliding window no more than its requests in each window", async (t) => {
    const rule: LimitRule = { algorithm: "sliding_window", requests: 500, perMs: 1_000, burst: 500 };
    const redis = await startRedis();
    t.after(() => redis.close());
    const total = await putUnderLoad(t, redis, [redis.url], rule);
    const windows = Math.floor(total.lastMs / 1_000) - Math.floor(total.firstMs / 1_000) + 1;
    t.diagnostic(`${total.admitted} admitted in ${windows} windows, ${total.denied} denied`);
    assert.ok(total.admitted <= windows * rule.requests, `${total.admitted} in ${windows} windows`);
    assert.ok(total.admitted >= 0.5 * (windows - 2) * rule.requests);
  });
});

interface Total extends LoadOutcome {
  /** How long all processes were taking. */
  readonly sharedMs: number;
}

async function putUnderLoad(
  t: TestContext,
  redis: RedisServer,
  urls: readonly string[],
  rule: LimitRule,
): Promise<Total> {
  const [seconds] = await redis.client.time();
  const startMs = (Number(seconds) + 3) * 1_000;
  const outcomes = await Promise.all(
    Array.from({ length: processes }, async (_, index): Promise<LoadOutcome> => {
      const stores = index < 2 ? 13 : 12;
      const load: SteadyLoad = {
        urls,
        port: redis.port,
        rule,
        stores,
        startMs,
        endMs: startMs + durationMs,
      };
      const script = join(import.meta.dirname, "steady-load.ts");
      const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(load)], {
        signal: t.signal,
      });
      return JSON.parse(stdout);
    }),
  );
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const firsts = outcomes.map(({ firstMs }) => firstMs);
  const lasts = outcomes.map(({ lastMs }) => lastMs);
  return {
    admitted: sum(outcomes.map(({ admitted }) => admitted)),
    denied: sum(outcomes.map(({ denied }) => denied)),
    firstMs: Math.min(...firsts),
    lastMs: Math.max(...lasts),
    sharedMs: Math.min(startMs + durationMs, ...lasts) - Math.max(...firsts),
  };
}
