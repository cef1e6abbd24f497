import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeptValue, type KeptValueOptions } from "../../src/auth/kept-value.ts";
import { silentLogger } from "../support/silent-logger.ts";

/** Reads what the test resolves, by a clock that the test moves. */
function createKept(options: Partial<KeptValueOptions<string>> = {}) {
  const clock = { ms: 0 };
  const reads: PromiseWithResolvers<string>[] = [];
  const kept = createKeptValue({
    subject: "keys",
    read: () => {
      const read = Promise.withResolvers<string>();
      reads.push(read);
      return read.promise;
    },
    parse: (text) => text.toUpperCase(),
    refreshMs: 100,
    expireMs: 200,
    cooldownMs: 10,
    retryMs: 20,
    timeoutMs: 60_000,
    logger: silentLogger,
    now: () => clock.ms,
    ...options,
  });
  return { kept, clock, reads };
}

test("the first caller waits, and others with it", async () => {
  const { kept, reads } = createKept();
  const waiting = [kept.get(), kept.get(), kept.renew().then(({ value }) => value)];
  assert.equal(reads.length, 1);
  reads[0]?.resolve("a");
  assert.deepEqual(await Promise.all(waiting), ["A", "A", "A"]);
  assert.equal(kept.get(), "A");
});

test("a value that is getting old is read again meanwhile, and one that is too old is waited for", async () => {
  const { kept, clock, reads } = createKept();
  const first = kept.get();
  reads[0]?.resolve("a");
  await first;
  clock.ms = 100;
  assert.equal(kept.get(), "A");
  assert.equal(reads.length, 2);
  clock.ms = 200;
  const second = kept.get();
  assert.ok(second instanceof Promise);
  assert.equal(reads.length, 2);
  reads[1]?.resolve("b");
  assert.equal(await second, "B");
});

test("nobody waits for a place that has failed while something is known", async () => {
  const { kept, clock, reads } = createKept();
  const first = kept.get();
  reads[0]?.resolve("a");
  await first;
  clock.ms = 1000;
  const second = kept.get();
  reads[1]?.reject(new Error("down"));
  assert.equal(await second, "A");
  assert.equal(kept.get(), "A");
  assert.equal(reads.length, 2, "not before its pause is over");
  clock.ms = 1020;
  assert.equal(kept.get(), "A");
  assert.equal(reads.length, 3);
  reads[2]?.resolve("c");
  assert.deepEqual(await kept.renew(), { value: "C", certain: true });
});

test("who has nothing is told at once while the place is left alone", async () => {
  const { kept, clock, reads } = createKept();
  const first = kept.get();
  reads[0]?.reject(new Error("down"));
  assert.equal(await first, undefined);
  assert.equal(kept.get(), undefined);
  assert.deepEqual(await kept.renew(), { value: undefined, certain: false });
  assert.equal(reads.length, 1);
  clock.ms = 20;
  assert.ok(kept.get() instanceof Promise);
  assert.equal(reads.length, 2);
});

test("the same text is the same value, and a text that cannot be parsed leaves it", async () => {
  const { kept, reads } = createKept({
    parse: (text) => {
      if (text === "bad") throw new Error("no good");
      return Object(text);
    },
  });
  const refresh = async (text: string): Promise<void> => {
    const before = reads.length;
    const refreshed = kept.refresh();
    while (reads.length === before) await Promise.resolve();
    reads[before]?.resolve(text);
    await refreshed;
  };
  await refresh("a");
  const first = kept.get();
  await refresh("a");
  assert.equal(kept.get(), first);
  await assert.rejects(refresh("bad"), /^Error: keys: no good$/);
  assert.equal(kept.get(), first);
  await refresh("b");
  assert.notEqual(kept.get(), first);
});

test("a read that does not end is given up, and no other begins beside it", async () => {
  const { kept, clock, reads } = createKept({ timeoutMs: 5 });
  assert.equal(await kept.get(), undefined);
  clock.ms = 1000;
  await assert.rejects(kept.refresh(), /the last attempt still waits/);
  assert.equal(reads.length, 1);
  reads[0]?.resolve("late");
  await reads[0]?.promise;
  await Promise.resolve();
  clock.ms = 2000;
  const again = kept.get();
  reads[1]?.resolve("b");
  assert.equal(await again, "B");
});
