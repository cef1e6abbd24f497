import assert from "node:assert/strict";
import { test } from "node:test";
import { createReadLoop, retryDelayMs } from "../../src/schema/read-loop.ts";
import type { SourceEvent } from "../../src/schema/source.ts";

const reading = (): SourceEvent => ({ kind: "reading", reading: { files: [] } });

test("requests during a read collapse into one more read", async () => {
  let reads = 0;
  const abort = new AbortController();
  const loop = createReadLoop({
    delayMs: () => 1e9,
    read: async () => {
      if (++reads === 1) for (let i = 0; i < 5; i++) loop.refresh();
      return reading();
    },
  });
  const events = loop.watch(abort.signal)[Symbol.asyncIterator]();
  await events.next();
  await events.next();
  const third = events.next();
  abort.abort();
  assert.equal((await third).done, true);
  assert.equal(reads, 2);
});

test("a recheck that finds nothing new yields no event, a refresh always does", async () => {
  const asked: boolean[] = [];
  const loop = createReadLoop({
    delayMs: () => 1e9,
    read: async (_, byPerson) => {
      asked.push(byPerson);
      if (asked.length === 2) loop.refresh();
      return byPerson ? reading() : undefined;
    },
  });
  const events = loop.watch(new AbortController().signal)[Symbol.asyncIterator]();
  await events.next();
  loop.recheck();
  await events.next();
  assert.deepEqual(asked, [true, false, true]);
});

test("retries come after a second, then twice as long each time, up to the limit, spread by a fifth", () => {
  const middle = (failures: number): number => retryDelayMs(failures, 30_000, () => 0.5);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 1_000].map(middle),
    [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  );
  assert.equal(
    retryDelayMs(1, 30_000, () => 0),
    800,
  );
  assert.equal(
    retryDelayMs(1, 30_000, () => 1),
    1_200,
  );
});
