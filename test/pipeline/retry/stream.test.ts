import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import type { RetryPolicy } from "../../../src/pipeline/flow-policy.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import { createRetryInterceptor, type RetryOptions } from "../../../src/pipeline/retry/retry.ts";
import type { Call, StreamReply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { callOf, errorOf, readAll, streamReply, textOf } from "../../contract/transport.ts";
import { methodOf } from "../../contract/transport-backend.ts";
import {
  type Act,
  createFakeClock,
  type FakeClock,
  failed,
  type ScriptedBackend,
  scriptBackend,
  settle,
  unavailable,
} from "./fixture.ts";

const policy: RetryPolicy = {
  maxAttempts: 3,
  initialBackoffMs: 50,
  maxBackoffMs: 1000,
  backoffMultiplier: 2,
  codes: new Set([Code.UNAVAILABLE]),
  budgetRatio: 0.2,
};

function setUp(
  script: readonly Act[],
  options: Partial<RetryOptions> = {},
): {
  clock: FakeClock;
  backend: ScriptedBackend;
  controller: AbortController;
  invoke: () => Promise<StreamReply>;
} {
  const clock = createFakeClock();
  const backend = scriptBackend(...script);
  const interceptor = createRetryInterceptor({
    policy,
    method: methodOf("server_streaming"),
    explicit: true,
    budget: new RetryBudget(clock.now),
    clock,
    random: () => 1,
    ...options,
  });
  assert.ok(interceptor);
  const handler = interceptor(backend.handler);
  const controller = new AbortController();
  const call: Call = callOf("server_streaming", { signal: controller.signal });
  return { clock, backend, controller, invoke: () => streamReply(handler(call)) };
}

const withMetadata = Header.of([["x-attempt", "1"]]);
const fates: readonly [
  first: Act,
  texts: readonly string[],
  attempts: number,
  code: Code | undefined,
  reason: string,
][] = [
  [{ stream: ["a", "b"] }, ["a", "b"], 1, undefined, "it is well"],
  [{ stream: [] }, [], 1, undefined, "an empty stream is a stream"],
  [{ fail: unavailable() }, ["again"], 2, undefined, "it failed without a header"],
  [{ stream: [], ending: unavailable() }, ["again"], 2, undefined, "it failed before its first message"],
  [{ stream: ["a"], ending: unavailable() }, ["a"], 1, Code.UNAVAILABLE, "its first message was given away"],
  [
    { stream: [], ending: unavailable(), header: withMetadata },
    [],
    1,
    Code.UNAVAILABLE,
    "a header with metadata was given away",
  ],
  [{ stream: [], ending: failed(Code.NOT_FOUND) }, [], 1, Code.NOT_FOUND, "its code is not the policy's"],
  [{ stream: [], ending: unavailable("-1") }, [], 1, Code.UNAVAILABLE, "the backend forbids it"],
];
for (const [first, texts, attempts, code, reason] of fates) {
  test(`a stream has ${attempts} attempt(s), ${code ?? "no"} error and ${texts.length} message(s): ${reason}`, async () => {
    const { backend, clock, invoke } = setUp([first, { stream: ["again"] }]);
    const read = invoke().then(async (reply) => ({ reply, ...(await readAll(reply.messages)) }));
    await clock.advance(1000);
    const { reply, texts: seen, error } = await read;
    assert.deepEqual(seen, texts);
    assert.equal(error?.code, code);
    assert.equal(backend.calls.length, attempts);
    assert.equal(backend.running(), 0);
    assert.equal(clock.timerCount, 0);
    await reply.trailer;
  });
}

test("the header is shown as soon as it has come, not with the first message", async () => {
  const { backend, invoke } = setUp([{ stream: [], ending: "silence" }]);
  const reply = await invoke();
  const iterator = reply.messages[Symbol.asyncIterator]();
  const pending = iterator.next();
  await settle();
  await iterator.return?.();
  assert.deepEqual(await pending, { done: true, value: undefined });
  assert.equal(backend.running(), 0);
});

test("the trailer is that of the attempt whose messages were read", async () => {
  const { clock, invoke } = setUp([{ stream: [], ending: unavailable() }, { stream: ["a"] }]);
  const reply = await invoke();
  const read = readAll(reply.messages);
  await clock.advance(50);
  assert.deepEqual((await read).texts, ["a"]);
  assert.equal((await reply.trailer).get("x-end"), "yes");
});

test("all attempts fail before the first message: the last error is thrown, and the trailer settles", async () => {
  const { backend, clock, invoke } = setUp([{ stream: [], ending: unavailable() }]);
  const reply = await invoke();
  const read = readAll(reply.messages);
  await clock.advance(1000);
  assert.equal((await read).error?.code, Code.UNAVAILABLE);
  assert.equal(backend.calls.length, 3);
  await reply.trailer;
});

test("return while the next attempt is waited for ends the wait", async () => {
  const { backend, clock, invoke } = setUp([{ stream: [], ending: unavailable() }]);
  const reply = await invoke();
  const iterator = reply.messages[Symbol.asyncIterator]();
  const pending = iterator.next();
  await clock.advance(10);
  assert.equal(clock.timerCount, 1);
  await iterator.return?.();
  assert.deepEqual(await pending, { done: true, value: undefined });
  assert.deepEqual([backend.calls.length, clock.timerCount], [1, 0]);
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  await reply.trailer;
});

test("return while an attempt is not answered cancels it", async () => {
  const { backend, clock, invoke } = setUp([{ stream: [], ending: unavailable() }, "hang"]);
  const reply = await invoke();
  const iterator = reply.messages[Symbol.asyncIterator]();
  const pending = iterator.next();
  await clock.advance(50);
  assert.equal(backend.running(), 1);
  await iterator.return?.();
  await pending;
  await settle();
  assert.equal(backend.running(), 0);
});

test("return while a deaf attempt is not answered returns its late reply", async () => {
  const { backend, clock, invoke } = setUp([{ stream: [], ending: unavailable() }, "deaf"]);
  const reply = await invoke();
  const iterator = reply.messages[Symbol.asyncIterator]();
  const pending = iterator.next();
  await clock.advance(50);
  await iterator.return?.();
  await pending;
  backend.release(reply);
  await settle();
  assert.equal(backend.running(), 0);
});

test("return before anything was read ends the attempt", async () => {
  const { backend, invoke } = setUp([{ stream: ["a"] }]);
  const reply = await invoke();
  await reply.messages[Symbol.asyncIterator]().return?.();
  assert.equal(backend.running(), 0);
  await reply.trailer;
});

test("return after the first message is the attempt's", async () => {
  const { backend, invoke } = setUp([{ stream: ["a", "b"], ending: "silence" }]);
  const reply = await invoke();
  for await (const message of reply.messages) {
    assert.equal(textOf(message), "a");
    break;
  }
  assert.equal(backend.running(), 0);
  assert.equal((await reply.trailer).get("x-end"), "yes");
});

test("the call's signal reaches a later attempt after its first message, too", async () => {
  const { backend, clock, controller, invoke } = setUp([
    { stream: [], ending: unavailable() },
    { stream: ["a"], ending: "silence" },
  ]);
  const reply = await invoke();
  const read = readAll(reply.messages);
  await clock.advance(50);
  assert.equal(backend.running(), 1);
  controller.abort(new RpcError(Code.CANCELLED, "the client is gone"));
  const { texts, error } = await read;
  assert.deepEqual(texts, ["a"]);
  assert.equal(error?.rawMessage, "the client is gone");
  assert.equal(backend.running(), 0);
});

test("the signal ends the wait between two attempts of a stream", async () => {
  const { clock, controller, invoke } = setUp([{ stream: [], ending: unavailable() }]);
  const reply = await invoke();
  const error = errorOf(reply.messages[Symbol.asyncIterator]().next());
  await clock.advance(10);
  controller.abort(new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded"));
  assert.equal((await error).code, Code.DEADLINE_EXCEEDED);
  assert.equal(clock.timerCount, 0);
});

test("an attempt's time is that until its first message; after it a stream may last, and the backend is not told", async () => {
  const script: Act[] = [
    { stream: [], ending: "silence" },
    { stream: ["a"], ending: "silence" },
  ];
  const { backend, clock, controller, invoke } = setUp(script, { perTryMs: 200 });
  const reply = await invoke();
  const read = readAll(reply.messages);
  await clock.advance(250);
  assert.deepEqual([backend.calls.length, backend.running()], [2, 1]);
  await clock.advance(60_000);
  assert.deepEqual([backend.calls.length, backend.running(), clock.timerCount], [2, 1, 0]);
  assert.deepEqual(
    backend.calls.map(({ deadline }) => deadline),
    [undefined, undefined],
  );
  controller.abort();
  assert.equal((await read).error?.code, Code.CANCELLED);
});

test("a stream that is deaf to its signal is returned when the time of its attempt is up", async () => {
  const { backend, clock, controller, invoke } = setUp([{ stream: [], ending: "deaf" }, { stream: ["a"] }], {
    perTryMs: 200,
  });
  const reply = await invoke();
  const read = readAll(reply.messages);
  await clock.advance(250);
  assert.deepEqual(await read, { texts: ["a"] });
  assert.deepEqual([backend.calls.length, backend.running(), clock.timerCount], [2, 0, 0]);
  await reply.trailer;
  await settle();
  assert.equal(getEventListeners(controller.signal, "abort").length, 0, "nobody listens any more");
});

test("a deaf stream that is returned before its first message ends", async () => {
  const { backend, invoke } = setUp([{ stream: [], ending: "deaf" }]);
  const iterator = (await invoke()).messages[Symbol.asyncIterator]();
  const pending = iterator.next();
  await iterator.return?.();
  await pending;
  assert.equal(backend.running(), 0);
});

test("return in whatever moment a late attempt is answered leaves nothing running", async () => {
  for (let ticks = 0; ticks < 20; ticks++) {
    const { backend, clock, invoke } = setUp([{ stream: [], ending: unavailable() }, "deaf"]);
    const reply = await invoke();
    const iterator = reply.messages[Symbol.asyncIterator]();
    const pending = iterator.next();
    await clock.advance(50);
    backend.release(reply);
    for (let i = 0; i < ticks; i++) await undefined;
    await iterator.return?.();
    assert.deepEqual(await pending, { done: true, value: undefined });
    await settle();
    assert.equal(backend.running(), 0, `after ${ticks} ticks`);
  }
});

test("a stream of one attempt that was read to its end has no listener left on the call's signal", async () => {
  for (const header of [new Header(), withMetadata]) {
    const { controller, invoke } = setUp([{ stream: ["a"], header }]);
    const reply = await invoke();
    await readAll(reply.messages);
    await settle();
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  }
});
