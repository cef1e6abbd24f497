// A process of gateways under steady load, for shared-limit.test.ts: some stores that all take from one limit, more often
// than it allows, until a time of the server's clock. Prints what they were given.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { LimitRule } from "../../src/store/limit-store.ts";
import { openReadyStore } from "./store-states.ts";

export interface SteadyLoad {
  readonly urls: readonly string[];
  readonly port: number;
  readonly rule: LimitRule;
  readonly stores: number;
  /** Of the server's clock, in milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface LoadOutcome {
  readonly admitted: number;
  readonly denied: number;
  /** Within which all was taken, by the server's clock. */
  readonly firstMs: number;
  readonly lastMs: number;
}

async function run(load: SteadyLoad): Promise<LoadOutcome> {
  const client = new Redis({ host: "127.0.0.1", port: load.port });
  const serverMs = async (): Promise<number> => {
    const [seconds, micros] = await client.time();
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };
  const stores = await Promise.all(
    Array.from({ length: load.stores }, async () => {
      const { store } = await openReadyStore({ urls: load.urls, timeoutMs: 10_000 });
      return store;
    }),
  );
  await sleep(Math.max(0, load.startMs - (await serverMs())));
  const firstMs = await serverMs();
  const endAt = performance.now() + load.endMs - firstMs;
  let [admitted, denied] = [0, 0];
  await Promise.all(
    stores.map(async (store) => {
      while (performance.now() < endAt) {
        const { allowed } = await store.take("everybody", load.rule, 1);
        if (allowed) admitted++;
        else denied++;
        // Each gateway alone has more calls than there is room for all.
        await sleep(allowed ? 0 : 1);
      }
    }),
  );
  const lastMs = await serverMs();
  await Promise.all(stores.map((store) => store.close()));
  client.disconnect();
  return { admitted, denied, firstMs, lastMs };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? "{}"))));
