// The laws of streams for replies of the gateway's own: design.md §4.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStreamReply } from "../../src/service/stream-reply.ts";

type Pull = PromiseWithResolvers<Uint8Array | undefined>;

/** A producer whose pulls the test answers. */
function createProducer() {
  const pulls: Pull[] = [];
  let stopCount = 0;
  return {
    pulls,
    stopCount: () => stopCount,
    pull() {
      const pull = Promise.withResolvers<Uint8Array | undefined>();
      pulls.push(pull);
      return pull.promise;
    },
    stop() {
      stopCount++;
    },
  };
}

const done = { done: true, value: undefined };
const one = Uint8Array.of(1);

function open(signal: AbortSignal = new AbortController().signal) {
  const producer = createProducer();
  const reply = createStreamReply(producer, signal);
  return { producer, reply, iterator: reply.messages[Symbol.asyncIterator]() };
}

test("nothing is pulled before somebody asks, and one message at a time", async () => {
  const { producer, iterator } = open();
  assert.equal(producer.pulls.length, 0);
  const first = iterator.next();
  await assert.rejects(iterator.next(), /one consumer/);
  assert.equal(producer.pulls.length, 1);
  producer.pulls[0]?.resolve(one);
  assert.deepEqual(await first, { done: false, value: one });
  assert.equal(producer.pulls.length, 1);
  await iterator.return?.();
});

test("the end of the producer ends the messages and settles the trailer", async () => {
  const { producer, reply, iterator } = open();
  const step = iterator.next();
  producer.pulls[0]?.resolve(undefined);
  assert.deepEqual(await step, done);
  assert.equal((await reply.trailer).size, 0);
  assert.deepEqual(await iterator.next(), done);
  assert.equal(producer.stopCount(), 1);
});

test("a failure of the producer is thrown once, and the trailer settles", async () => {
  const { producer, reply, iterator } = open();
  const step = iterator.next();
  producer.pulls[0]?.reject(new Error("lost"));
  await assert.rejects(step, /lost/);
  assert.equal((await reply.trailer).size, 0);
  assert.deepEqual(await iterator.next(), done);
  assert.equal(producer.stopCount(), 1);
});

test("return ends a pending next, and what comes after is dropped", async () => {
  const { producer, reply, iterator } = open();
  const step = iterator.next();
  assert.deepEqual(await iterator.return?.(), done);
  assert.deepEqual(await step, done);
  assert.equal((await reply.trailer).size, 0);
  producer.pulls[0]?.reject(new Error("too late"));
  assert.deepEqual(await iterator.next(), done);
  await iterator.return?.();
  assert.equal(producer.stopCount(), 1);
});

test("throw stops the producer and rejects with its reason", async () => {
  const { producer, iterator } = open();
  await assert.rejects(iterator.throw?.(new Error("mine")) ?? Promise.resolve(), /mine/);
  assert.equal(producer.stopCount(), 1);
});

test("the signal fails a pending next with its reason", async () => {
  const controller = new AbortController();
  const { producer, reply, iterator } = open(controller.signal);
  const step = iterator.next();
  controller.abort(new Error("client gone"));
  await assert.rejects(step, /client gone/);
  assert.equal((await reply.trailer).size, 0);
  assert.equal(producer.stopCount(), 1);
  assert.deepEqual(await iterator.next(), done);
});

test("a signal that fires between two messages, or before the first, is told to the next who asks", async () => {
  for (const aborted of [true, false]) {
    const controller = new AbortController();
    if (aborted) controller.abort(new Error("client gone"));
    const { producer, iterator } = open(controller.signal);
    controller.abort(new Error("client gone"));
    assert.equal(producer.stopCount(), 1);
    await assert.rejects(iterator.next(), /client gone/);
    assert.deepEqual(await iterator.next(), done);
  }
});
