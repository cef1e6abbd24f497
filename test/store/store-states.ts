// A Redis store whose states a test can wait for.
import type { TestContext } from "node:test";
import {
  createRedisStore,
  type RedisStore,
  type RedisStoreOptions,
  type StoreState,
} from "../../src/store/redis-store.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "../support/redis-server.ts";

export interface WatchedStore {
  readonly store: RedisStore;
  /** All that the listener was told, in order. */
  readonly told: readonly StoreState[];
  /** The first state that is or was told from the `from`th on; waits for it. */
  until(wanted: (state: StoreState) => boolean, from?: number): Promise<StoreState>;
}

export function watchStore(options: RedisStoreOptions): WatchedStore {
  const told: StoreState[] = [];
  let wake = Promise.withResolvers<void>();
  const store = createRedisStore({
    ...options,
    onState(state) {
      told.push(state);
      wake.resolve();
      wake = Promise.withResolvers<void>();
    },
  });
  return {
    store,
    told,
    async until(wanted, from = 0) {
      for (;;) {
        const found = told.slice(from).find(wanted);
        if (found) return found;
        await wake.promise;
      }
    },
  };
}

/** Once it has told that its Redis, or its cluster, is there. */
export async function openReadyStore(options: RedisStoreOptions): Promise<WatchedStore> {
  const watched = watchStore(options);
  await watched.until(({ available }) => available);
  return watched;
}

export interface StoreWithRedis extends WatchedStore {
  readonly redis: RedisServer;
}

/** A ready store with a Redis of its own, both gone after the test. */
export async function openWithRedis(
  t: TestContext,
  options: Omit<RedisStoreOptions, "urls"> = {},
  server: RedisServerOptions = {},
): Promise<StoreWithRedis> {
  const redis = await startRedis(server);
  t.after(() => redis.close());
  const watched = await openReadyStore({ ...options, urls: [redis.url] });
  t.after(() => watched.store.close());
  return { ...watched, redis };
}
