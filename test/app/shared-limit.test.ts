// Two gateways with one Redis: a shared limit is one count for both, and each counts for itself when Redis is gone.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startLibraryServer } from "../../examples/library/server.ts";
import { eventually } from "../matrix/eventually.ts";
import { redisMissing, startRedis } from "../support/redis-server.ts";
import { book, getBook } from "./asks.ts";
import { type OpenApp, openApp } from "./open-app.ts";

const requests = 4;

async function openTwo(t: TestContext, redis: string): Promise<readonly [OpenApp, OpenApp]> {
  const library = await startLibraryServer();
  const rateLimit = [{ requests, per: "1h", key: "header:x-reader", scope: "shared" }];
  const keys = {
    upstreams: [`library=127.0.0.1:${library.port}`],
    drain: { grace: "1s" },
    // Long enough for a machine that is busy.
    store: { redis, timeout: "5s" },
    methods: [{ selector: getBook, rateLimit }],
  };
  const apps = [await openApp(t, keys), await openApp(t, keys)] as const;
  t.after(() => library.close());
  for (const app of apps) await says(app, "limit store answers");
  return apps;
}

function says(app: OpenApp, wanted: string): Promise<void> {
  return eventually(async () => assert.ok(app.log.some(({ event }) => event === wanted)));
}

/** The statuses of one more than the limit's calls. */
async function callAs(reader: string, apps: readonly OpenApp[]): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i <= requests; i++) {
    const reply = await apps[i % apps.length]?.call(`/v1/${book}`, { header: { "x-reader": reader } });
    statuses.push(reply?.status ?? 0);
  }
  return statuses;
}

test("gateways count together in Redis, and each for itself once it is killed", {
  skip: redisMissing,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const apps = await openTwo(t, redis.url);
  const full = [200, 200, 200, 200, 429];
  assert.deepEqual(await callAs("ada", apps), full, "together");
  for (const app of apps)
    assert.deepEqual(
      [...new Set(await callAs("ada", [app]))],
      [429],
      "what one has used up the other has not",
    );
  await redis.kill();
  for (const app of apps) assert.deepEqual(await callAs("bob", [app]), full, "alone");
  for (const app of apps) await says(app, "limit store does not answer");
});
