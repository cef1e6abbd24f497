import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createDeadlineInterceptor,
  type DeadlineOptions,
  decideDeadlines,
} from "../../src/pipeline/deadline.ts";
import type { Call, Handler, Reply, StreamReply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { createDeadline, remainingMs } from "../../src/rpc/deadline.ts";
import { Header } from "../../src/rpc/header.ts";
import type { StreamKind } from "../../src/rpc/method.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply, using } from "../contract/transport.ts";
import { startBackend } from "../contract/transport-backend.ts";
import { FakeClock, limitsOf, PushSource, ScriptedBackend, watch } from "./stream-limits/fixture.ts";

const unary: Reply = {
  kind: "unary",
  header: new Header(),
  message: new Uint8Array(),
  trailer: new Header(),
};

/** A stream that gives what it has and then nothing, deaf to every signal; `returned` tells of its return. */
function deafStream(...first: string[]): { reply: StreamReply; returned: Promise<void> } {
  const returned = Promise.withResolvers<void>();
  const queue = first.map(bytesOf);
  const messages: AsyncIterableIterator<Uint8Array> = {
    next() {
      const value = queue.shift();
      return value ? Promise.resolve({ done: false, value }) : new Promise(() => {});
    },
    async return() {
      returned.resolve();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const reply: StreamReply = {
    kind: "stream",
    header: new Header(),
    messages,
    trailer: new Promise(() => {}),
  };
  return { reply, returned: returned.promise };
}

/** A handler that keeps the call it got. */
function recording(reply: Reply | Promise<Reply>): { handler: Handler; calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    handler: async (call) => {
      calls.push(call);
      return reply;
    },
  };
}

test("a call that has no deadline, under no bound, passes untouched", async () => {
  const { handler, calls } = recording(unary);
  const call = callOf("unary");
  assert.equal(await createDeadlineInterceptor()(handler)(call), unary);
  assert.equal(calls[0], call);
});

const bounds: readonly [
  maxMs: number | undefined,
  clientMs: number | undefined,
  sooner: number,
  reason: string,
][] = [
  [undefined, 5000, 5000, "the client's alone"],
  [5000, undefined, 5000, "ours alone"],
  [5000, 9000, 5000, "ours is sooner"],
  [9000, 5000, 5000, "the client's is sooner"],
];
for (const [maxMs, clientMs, sooner, reason] of bounds) {
  test(`of ${maxMs ?? "no bound"} and ${clientMs ?? "no deadline"} the call gets ${sooner} ms: ${reason}`, async () => {
    const { handler, calls } = recording(unary);
    const interceptor = createDeadlineInterceptor(maxMs === undefined ? {} : { maxMs });
    const parts = clientMs === undefined ? {} : { deadline: createDeadline(clientMs) };
    await interceptor(handler)(callOf("unary", parts));
    const left = calls[0]?.deadline && remainingMs(calls[0].deadline);
    assert.ok(left !== undefined && left <= sooner && left > sooner - 4000, String(left));
  });
}

const decisions: readonly [
  options: DeadlineOptions,
  kind: StreamKind,
  clientMs: number | undefined,
  expectedMs: number | undefined,
  reason: string,
][] = [
  [{ defaultMs: 5000 }, "unary", undefined, 5000, "the default is for who does not say"],
  [{ defaultMs: 5000 }, "unary", 9000, 9000, "and is no bound"],
  [{ defaultMs: 5000, maxMs: 3000 }, "unary", undefined, 3000, "a default is bounded too"],
  [{ defaultMs: 5000, maxMs: 9000 }, "unary", undefined, 5000, "and counts below the bound"],
  [{ defaultMs: 5000, maxMs: 9000 }, "bidi_streaming", undefined, 5000, "streams are calls"],
  [{ maxStreamMs: 5000 }, "unary", undefined, undefined, "no stream"],
  [{ maxStreamMs: 5000 }, "unary", 9000, 9000, "no stream, with a deadline"],
  [{ maxStreamMs: 5000 }, "server_streaming", undefined, 5000, "replies are a stream"],
  [{ maxStreamMs: 5000 }, "client_streaming", 9000, 5000, "requests are a stream"],
  [{ maxStreamMs: 5000, maxMs: 3000 }, "bidi_streaming", 9000, 3000, "the call's bound is sooner"],
  [{ maxStreamMs: 5000, maxMs: 3000 }, "bidi_streaming", 1000, 1000, "the client's deadline is sooner"],
];
for (const [options, kind, clientMs, expectedMs, reason] of decisions) {
  test(`${JSON.stringify(options)} gives ${kind} with ${clientMs} ms ${expectedMs} ms: ${reason}`, async () => {
    const { handler, calls } = recording(unary);
    const now = () => 1_000;
    const parts = clientMs === undefined ? {} : { deadline: createDeadline(clientMs, 1_000) };
    await createDeadlineInterceptor({ ...options, now })(handler)(callOf(kind, parts));
    assert.equal(calls[0]?.deadline && remainingMs(calls[0].deadline, 1_000), expectedMs);
  });
}

test("the bound is the smaller of the policy's and the gateway's", () => {
  const timeout = { defaultMs: 1, maxMs: 10, perTryMs: undefined };
  const stream = limitsOf({ maxDurationMs: 7 });
  const expected = { defaultMs: 1, maxStreamMs: 7 };
  assert.deepEqual(decideDeadlines({ timeout, stream }, undefined), { ...expected, maxMs: 10 });
  assert.deepEqual(decideDeadlines({ timeout, stream }, 20), { ...expected, maxMs: 10 });
  assert.deepEqual(decideDeadlines({ timeout, stream }, 5), { ...expected, maxMs: 5 });
  assert.deepEqual(decideDeadlines({ timeout: { ...timeout, maxMs: undefined }, stream }, 5), {
    ...expected,
    maxMs: 5,
  });
});

test("a stream ends when it is too old, however lively; its end says so, and one timer saw to it", async () => {
  using clock = new FakeClock();
  const backend = new ScriptedBackend();
  const options = { maxMs: 10_000, maxStreamMs: 2000, defaultMs: 5000, now: clock.now };
  const handler = createDeadlineInterceptor(options)(backend.handler);
  const pending = streamReply(handler(callOf("bidi_streaming", { messages: new PushSource() })));
  backend.answer();
  const replies = (await pending).messages[Symbol.asyncIterator]();
  for (let index = 0; index < 19; index++) {
    backend.replies.push(bytesOf("m"));
    await replies.next();
    await clock.advance(100);
  }
  const last = watch(replies.next());
  await clock.advance(100);
  assert.ok(last.reason instanceof RpcError);
  assert.deepEqual(
    [last.reason.code, last.reason.rawMessage],
    [Code.DEADLINE_EXCEEDED, "deadline exceeded: a stream may last 2000 ms"],
  );
  assert.deepEqual([backend.replies.returns, clock.started, clock.running], [1, 1, 0]);
});

test("where the client's deadline ends a stream, the bound for streams is not blamed", async () => {
  using clock = new FakeClock();
  const { handler } = recording(new Promise(() => {}));
  const call = callOf("server_streaming", { deadline: createDeadline(1000, clock.now()) });
  const ended = watch(createDeadlineInterceptor({ maxStreamMs: 2000, now: clock.now })(handler)(call));
  await clock.advance(1000);
  assert.equal(ended.reason instanceof RpcError && ended.reason.rawMessage, "deadline exceeded");
});

test("waiting below counts: a call that is queued beyond its default ends there", async () => {
  using clock = new FakeClock();
  const { handler, calls } = recording(new Promise(() => {}));
  const call = callOf("unary");
  const queued = watch(createDeadlineInterceptor({ defaultMs: 1000, now: clock.now })(handler)(call));
  await clock.advance(999);
  assert.equal(queued.state, "pending");
  await clock.advance(1);
  assert.equal(queued.reason instanceof RpcError && queued.reason.rawMessage, "deadline exceeded");
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal(clock.running, 0);
});

test("a handler that ignores the signal does not hold the caller beyond the deadline", async () => {
  const { handler, calls } = recording(new Promise(() => {}));
  const error = await errorOf(createDeadlineInterceptor({ maxMs: 20 })(handler)(callOf("unary")));
  assert.deepEqual([error.code, error.rawMessage], [Code.DEADLINE_EXCEEDED, "deadline exceeded"]);
  assert.equal(calls[0]?.signal.reason, error);
});

test("a deadline that has passed makes no call and returns the requests", async () => {
  const { handler, calls } = recording(unary);
  const returned = Promise.withResolvers<void>();
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    async return() {
      returned.resolve();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const call = callOf("client_streaming", { messages, deadline: createDeadline(-1) });
  const error = await errorOf(createDeadlineInterceptor()(handler)(call));
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  assert.deepEqual(calls, []);
  await returned.promise;
});

test("the client's own signal passes through, with its reason", async () => {
  const controller = new AbortController();
  const { handler, calls } = recording(new Promise(() => {}));
  const failed = errorOf(createDeadlineInterceptor({ maxMs: 60_000 })(handler)(callOf("unary", controller)));
  const reason = new RpcError(Code.CANCELLED, "the client is gone");
  controller.abort(reason);
  assert.equal(await failed, reason);
  assert.equal(calls[0]?.signal.reason, reason);
});

test("what the handler throws passes through", async () => {
  const reason = new RpcError(Code.NOT_FOUND, "no");
  const handler: Handler = () => Promise.reject(reason);
  assert.equal(await errorOf(createDeadlineInterceptor({ maxMs: 60_000 })(handler)(callOf("unary"))), reason);
});

test("a stream is covered until its end: its messages come, then the error, and its producer is returned", async () => {
  const { reply, returned } = deafStream("a", "b");
  const handler = createDeadlineInterceptor({ maxMs: 30 })(async () => reply);
  const guarded = await streamReply(handler(callOf("server_streaming")));
  const { texts, error } = await readAll(guarded.messages);
  assert.deepEqual(texts, ["a", "b"]);
  assert.equal(error?.code, Code.DEADLINE_EXCEEDED);
  await returned;
  assert.equal((await guarded.trailer).size, 0);
});

test("the deadline is felt by a stream that nobody pulls", async () => {
  const { reply, returned } = deafStream("a");
  const handler = createDeadlineInterceptor({ maxMs: 20 })(async () => reply);
  const guarded = await streamReply(handler(callOf("server_streaming")));
  await returned;
  const iterator = guarded.messages[Symbol.asyncIterator]();
  assert.equal((await errorOf(iterator.next())).code, Code.DEADLINE_EXCEEDED);
  assert.equal((await iterator.next()).done, true);
});

test("a stream reply that comes too late is returned", async () => {
  const { reply, returned } = deafStream("a");
  const late = Promise.withResolvers<Reply>();
  const error = await errorOf(
    createDeadlineInterceptor({ maxMs: 20 })(() => late.promise)(callOf("server_streaming")),
  );
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  late.resolve(reply);
  await returned;
});

test("a consumer that has enough is felt by the producer", async () => {
  const { reply, returned } = deafStream("a", "b");
  const handler = createDeadlineInterceptor({ maxMs: 60_000 })(async () => reply);
  const guarded = await streamReply(handler(callOf("server_streaming")));
  for await (const _ of guarded.messages) break;
  await returned;
});

test("neither a timer nor a listener outlives a call or a stream that has ended", async () => {
  await using backend = await startBackend({
    Unary: (call, callback) => callback(null, call.request),
    ServerStreaming(call) {
      call.write(Buffer.from("m"));
      call.end();
    },
  });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  const timersBefore = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const { signal } = new AbortController();
  let listenerCount = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  const listeners = new Set<unknown>();
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    listenerCount++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  const handler = createDeadlineInterceptor({ maxMs: 60_000 })(transport.invoke);
  await handler(callOf("unary", { signal }));
  const reply = await streamReply(handler(callOf("server_streaming", { signal })));
  assert.deepEqual(await readAll(reply.messages), { texts: ["m"] });
  assert.equal(listenerCount, 2);
  assert.equal(listeners.size, 0);
  const timersAfter = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  assert.ok(timersAfter <= timersBefore, `${timersAfter} timers`);
});

test("a backend that cancels because its own timer fired first has exceeded the deadline", async () => {
  const invoke = createDeadlineInterceptor()(async ({ deadline }) => {
    // As with a busy loop: the time is up, and our timer has not had its turn.
    while (deadline !== undefined && remainingMs(deadline) > 0);
    throw new RpcError(Code.CANCELLED, "Call cancelled");
  });
  const late = await errorOf(invoke(callOf("unary", { deadline: createDeadline(5) })));
  assert.equal(late.code, Code.DEADLINE_EXCEEDED);

  const early = createDeadlineInterceptor()(async () => {
    throw new RpcError(Code.CANCELLED, "Call cancelled");
  });
  const cancelled = await errorOf(early(callOf("unary", { deadline: createDeadline(60_000) })));
  assert.equal(cancelled.code, Code.CANCELLED);
});
