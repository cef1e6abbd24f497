// However and whenever a limited call ends, nothing of it is left: no timer, no listener, no pull that waits for ever, no
// producer that nobody has returned.
import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { createStreamLimits } from "../../../src/pipeline/stream-limits/stream-limits.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { bytesOf, callOf, streamReply } from "../../contract/transport.ts";
import {
  FakeClock,
  type LimitParts,
  limitsOf,
  PushSource,
  ScriptedBackend,
  settled,
  type Watched,
  watch,
} from "./fixture.ts";

type Step = IteratorResult<Uint8Array>;

/** A call and everything that can happen to it, in any order. */
function scene(parts: LimitParts, clock: FakeClock) {
  const backend = new ScriptedBackend();
  const requests = new PushSource();
  const controller = new AbortController();
  const interceptor = createStreamLimits({ stream: limitsOf(parts), kind: "bidi_streaming", now: clock.now });
  assert.ok(interceptor);
  const call = callOf("bidi_streaming", { messages: requests, signal: controller.signal });
  const reply = watch(streamReply(interceptor(backend.handler)(call)));
  const pulled = backend.requests();
  const pulls: Record<"request" | "reply", Watched<Step> | undefined> = {
    request: undefined,
    reply: undefined,
  };
  const all: Watched<unknown>[] = [reply];
  const keep = <T>(promise: Promise<T> | undefined): Watched<T> | undefined => {
    if (promise === undefined) return undefined;
    const watched = watch(promise);
    all.push(watched);
    return watched;
  };
  let replies: AsyncIterator<Uint8Array> | undefined;
  const repliesOf = (): AsyncIterator<Uint8Array> | undefined => {
    if (reply.value !== undefined) replies ??= reply.value.messages[Symbol.asyncIterator]();
    return replies;
  };
  /** One consumer: it pulls when it has what it has asked for. */
  const pull = (way: "request" | "reply", from: AsyncIterator<Uint8Array> | undefined): void => {
    if (from === undefined || pulls[way]?.state === "pending") return;
    pulls[way] = keep(from.next());
  };
  const message = new Uint8Array(3);
  const reason = new RpcError(Code.CANCELLED, "gone");
  const actions = {
    answer: () => backend.answer(),
    sendRequest: () => requests.push(message),
    sendRequests: () => requests.push(message, message, message),
    sendReply: () => backend.replies.push(message),
    sendReplies: () => backend.replies.push(message, message, message),
    pullRequest: () => pull("request", pulled),
    pullReply: () => pull("reply", repliesOf()),
    endRequests: () => requests.end(),
    failRequests: () => requests.fail(reason),
    returnRequests: () => keep(pulled.return?.()),
    throwRequests: () => keep(pulled.throw?.(reason)),
    wait: () => clock.advance(300),
    waitLong: () => clock.advance(1500),
  };
  const endings = {
    return: async () => {
      backend.fail(reason);
      // Who has no reply yet waits for it, or for the failure.
      if (repliesOf() === undefined) await settled();
      keep(repliesOf()?.return?.());
    },
    throw: async () => {
      backend.fail(reason);
      if (repliesOf() === undefined) await settled();
      keep(repliesOf()?.throw?.(reason));
    },
    abort: () => controller.abort(reason),
    fail: async () => {
      backend.fail(reason);
      backend.replies.fail(reason);
      await drain();
    },
    end: async () => {
      backend.answer();
      backend.replies.end();
      await drain();
    },
  };
  /** What a client does that reads to the end. */
  async function drain(): Promise<void> {
    for (let count = 0; count < 40; count++) {
      await settled();
      pull("reply", repliesOf());
      await settled();
      if (pulls.reply?.value?.done || pulls.reply?.state === "rejected" || reply.state === "rejected") return;
      await clock.advance(1000);
    }
  }
  const check = async (): Promise<void> => {
    await settled();
    backend.answer(); // late, where it has not been
    await settled();
    assert.equal(clock.running, 0, "a timer is left");
    assert.equal(getEventListeners(controller.signal, "abort").length, 0, "a listener is left");
    for (const { state } of all) assert.notEqual(state, "pending", "something waits for ever");
    assert.ok(requests.ended, "the client's messages have an end");
    assert.ok(backend.outcome === "failure" || backend.replies.ended, "the backend's messages have an end");
    if (reply.value !== undefined) {
      backend.trailer.resolve(new Header());
      const trailer = watch(reply.value.trailer);
      await settled();
      assert.equal(trailer.state, "fulfilled", "the trailer settles, and well");
    }
  };
  return { actions, endings, check };
}

type Scene = ReturnType<typeof scene>;
const direction = fc.record({
  messagesPerSecond: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  bytesPerSecond: fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined }),
  excess: fc.constantFrom("delay", "delay", "refuse"),
  maxMessages: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
});
const limits = fc.record({
  requests: direction,
  replies: direction,
  idleTimeoutMs: fc.constantFrom(700, 5000),
});
const action = fc.constantFrom<keyof Scene["actions"]>(
  "answer",
  "answer",
  "sendRequest",
  "sendRequests",
  "sendReply",
  "sendReplies",
  "pullRequest",
  "pullRequest",
  "pullRequest",
  "pullReply",
  "pullReply",
  "pullReply",
  "endRequests",
  "failRequests",
  "returnRequests",
  "throwRequests",
  "wait",
  "waitLong",
);
const ending = fc.constantFrom<keyof Scene["endings"]>("return", "throw", "abort", "fail", "end");

test("of 10,000 calls that end at any point in any way nothing is left", { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      fc.array(fc.tuple(action, fc.boolean()), { maxLength: 14, size: "max" }),
      ending,
      fc.boolean(),
      async (parts, steps, end, atOnce) => {
        using clock = new FakeClock();
        const { actions, endings, check } = scene(parts, clock);
        for (const [name, calmly] of steps) {
          await actions[name]();
          if (calmly) await settled();
        }
        if (!atOnce) await settled();
        await endings[end]();
        await check();
      },
    ),
    { numRuns: 10_000 },
  );
});

test("return() is answered while a message is awaited and while one waits for the rate, either way", async () => {
  for (const way of ["request", "reply"] as const) {
    for (const sent of [0, 2]) {
      for (const end of ["return", "throw"] as const) {
        using clock = new FakeClock();
        const one = { messagesPerSecond: 1 };
        const interceptor = createStreamLimits({
          stream: limitsOf({ requests: one, replies: one }),
          kind: "bidi_streaming",
          now: clock.now,
        });
        const backend = new ScriptedBackend();
        const requests = new PushSource();
        const pending = interceptor?.(backend.handler)(callOf("bidi_streaming", { messages: requests }));
        backend.answer();
        assert.ok(pending);
        const reply = await streamReply(pending);
        const [source, iterator] =
          way === "request"
            ? [requests, backend.requests()]
            : [backend.replies, reply.messages[Symbol.asyncIterator]()];
        for (let count = 0; count < sent; count++) source.push(bytesOf("m"));
        if (sent > 0) await iterator.next();
        const waiting = watch(iterator.next());
        await settled();
        assert.deepEqual([waiting.state, clock.running], ["pending", sent > 0 ? 1 : 0]);
        const reason = new Error("enough");
        if (end === "return") await iterator.return?.();
        else await assert.rejects(async () => iterator.throw?.(reason), reason);
        assert.deepEqual(await waiting.promise, { done: true, value: undefined });
        assert.deepEqual([source.returns, clock.running], [1, 0]);
      }
    }
  }
});

test("a message that passes costs one promise and no timer", async () => {
  const messageCount = 500;
  const promisesOf = async (iterator: AsyncIterator<Uint8Array>): Promise<number> => {
    let count = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === "PROMISE") count++;
      },
    });
    hook.enable();
    for (let index = 0; index < messageCount; index++) await iterator.next();
    hook.disable();
    return count;
  };
  using clock = new FakeClock();
  const sourceOf = (): PushSource => {
    const source = new PushSource();
    for (let index = 0; index < messageCount; index++) source.push(bytesOf("m"));
    return source;
  };
  const bare = await promisesOf(sourceOf());
  const interceptor = createStreamLimits({
    stream: limitsOf({ requests: { messagesPerSecond: 1e6, bytesPerSecond: 1e9 }, idleTimeoutMs: 60_000 }),
    kind: "client_streaming",
    now: clock.now,
  });
  const backend = new ScriptedBackend();
  const reply = interceptor?.(backend.handler)(callOf("client_streaming", { messages: sourceOf() }));
  const limited = await promisesOf(backend.requests());
  backend.answerUnary();
  await reply;
  assert.ok(limited - bare <= messageCount, `${limited - bare} promises for ${messageCount} messages`);
  assert.deepEqual([clock.started, clock.running], [1, 0]);
});
