import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createReplayableRequests } from "../../src/upstream/replay-requests.ts";

/** Messages as numbers of one byte; tells how often it was pulled and whether it was returned. */
function sourceOf(count: number, size = 1) {
  const told = { pulled: 0, returned: 0 };
  const messages: AsyncIterableIterator<Uint8Array> = {
    async next() {
      if (told.pulled >= count) return { done: true, value: undefined };
      return { done: false, value: new Uint8Array(size).fill(told.pulled++) };
    },
    async return() {
      told.returned++;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => messages,
  };
  return { told, messages };
}
async function take(iterator: AsyncIterator<Uint8Array>, most: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < most) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value[0] ?? -1);
  }
  return taken;
}
const iterate = (messages: AsyncIterable<Uint8Array>) => messages[Symbol.asyncIterator]();

test("each attempt has the messages from the first on, however many the one before has pulled", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.array(fc.nat(14), { maxLength: 4 }), async (count, pulls) => {
      const { told, messages } = sourceOf(count);
      const requests = createReplayableRequests(messages);
      for (const most of pulls) {
        const attempt = iterate(requests.attempt());
        await take(attempt, most);
        await attempt.return?.();
      }
      assert.ok(requests.replayable);
      assert.equal(told.returned, 0);
      const all = Array.from({ length: count }, (_, i) => i);
      assert.deepEqual(await take(iterate(requests.attempt()), 99), all);
    }),
  );
});

test("a message that an attempt still waits for goes to the next attempt", async () => {
  const first = Promise.withResolvers<IteratorResult<Uint8Array>>();
  let pulled = 0;
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => (pulled++ === 0 ? first.promise : Promise.resolve({ done: true, value: undefined })),
    [Symbol.asyncIterator]: () => messages,
  };
  const requests = createReplayableRequests(messages);
  void iterate(requests.attempt()).next();
  const again = take(iterate(requests.attempt()), 9);
  first.resolve({ done: false, value: new Uint8Array([7]) });
  assert.deepEqual(await again, [7]);
});

test("once it is committed the source is pulled and returned directly", async () => {
  const { told, messages } = sourceOf(5);
  const requests = createReplayableRequests(messages);
  const attempt = iterate(requests.attempt());
  await take(attempt, 2);
  requests.commit();
  assert.equal(requests.replayable, false);
  assert.deepEqual(await take(attempt, 2), [2, 3]);
  assert.equal((await attempt.return?.())?.done, true);
  assert.equal(told.returned, 1);
});

test("return() goes through while next() is pending", async () => {
  let returned = false;
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    return: async () => {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => messages,
  };
  const requests = createReplayableRequests(messages);
  const attempt = iterate(requests.attempt());
  requests.commit();
  void attempt.next();
  await attempt.return?.();
  assert.ok(returned);
});

test("an attempt that was returned before the commit returns the source with it", async () => {
  const { told, messages } = sourceOf(5);
  const requests = createReplayableRequests(messages);
  const attempt = iterate(requests.attempt());
  await attempt.next();
  await attempt.return?.();
  requests.commit();
  assert.equal(told.returned, 1);
});

test("a call that failed returns its source once, and not one that has ended", async () => {
  const open = sourceOf(5);
  const requests = createReplayableRequests(open.messages);
  await take(iterate(requests.attempt()), 1);
  requests.abandon();
  requests.abandon();
  assert.equal(open.told.returned, 1);
  const ended = sourceOf(1);
  const all = createReplayableRequests(ended.messages);
  await take(iterate(all.attempt()), 9);
  all.abandon();
  assert.equal(ended.told.returned, 0);
});

for (const [count, size, why] of [
  [17, 1, "many messages"],
  [3, 40_000, "large messages"],
] as const) {
  test(`${why} are not kept`, async () => {
    const requests = createReplayableRequests(sourceOf(100, size).messages);
    const attempt = iterate(requests.attempt());
    await take(attempt, count - 1);
    assert.ok(requests.replayable);
    await take(attempt, 1);
    assert.equal(requests.replayable, false);
  });
}

test("a source that fails fails every attempt, and nothing is left unhandled", async () => {
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => Promise.reject(new Error("client gone")),
    [Symbol.asyncIterator]: () => messages,
  };
  const requests = createReplayableRequests(messages);
  for (let i = 0; i < 2; i++) await assert.rejects(iterate(requests.attempt()).next(), /client gone/);
  requests.abandon();
});
