import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import type { DirectionLimits } from "../../../src/pipeline/flow-policy.ts";
import { createStreamLimits } from "../../../src/pipeline/stream-limits/stream-limits.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { StreamKind } from "../../../src/rpc/method.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply, textOf, using } from "../../contract/transport.ts";
import { startBackend } from "../../contract/transport-backend.ts";
import {
  FakeClock,
  type LimitParts,
  limitsOf,
  PushSource,
  ScriptedBackend,
  settled,
  watch,
} from "./fixture.ts";

function limited(parts: LimitParts, kind: StreamKind, now: () => number, handler: Handler): Handler {
  const interceptor = createStreamLimits({ stream: limitsOf(parts), kind, now });
  assert.ok(interceptor);
  return interceptor(handler);
}

/** A bidi call under limits: its client, its backend, and what the client is given. */
async function openBidi(parts: LimitParts, now: () => number) {
  const backend = new ScriptedBackend();
  const requests = new PushSource();
  const controller = new AbortController();
  const call = callOf("bidi_streaming", { messages: requests, signal: controller.signal });
  const pending = streamReply(limited(parts, "bidi_streaming", now, backend.handler)(call));
  backend.answer();
  const reply = await pending;
  const replies = reply.messages[Symbol.asyncIterator]();
  return { backend, requests, controller, reply, replies, pulled: backend.requests() };
}

const one = { maxMessages: 1 };
const kinds: readonly [StreamKind, LimitParts, has: boolean, reason: string][] = [
  ["unary", { requests: one, replies: one, idleTimeoutMs: 1 }, false, "no stream"],
  ["bidi_streaming", {}, false, "no limit"],
  ["bidi_streaming", { maxDurationMs: 1 }, false, "the deadline's"],
  ["server_streaming", { requests: one }, false, "its request is no stream"],
  ["client_streaming", { replies: one }, false, "its reply is no stream"],
  ["server_streaming", { replies: one }, true, "its replies are"],
  ["client_streaming", { requests: one }, true, "its requests are"],
  ["server_streaming", { idleTimeoutMs: 1 }, true, "either way"],
  ["bidi_streaming", { requests: { bytesPerSecond: 1 } }, true, "one limit is enough"],
];
for (const [kind, parts, has, reason] of kinds) {
  test(`${kind} with ${JSON.stringify(parts)} has ${has ? "an" : "no"} interceptor: ${reason}`, () => {
    assert.equal(createStreamLimits({ stream: limitsOf(parts), kind }) !== undefined, has);
  });
}

test("a side that is no stream passes as it is", async () => {
  const now = () => 0;
  const server = new ScriptedBackend();
  const call = callOf("server_streaming", { message: "m" });
  const refused = errorOf(limited({ replies: one }, "server_streaming", now, server.handler)(call));
  assert.ok(server.call?.kind === "unary" && call.kind === "unary");
  assert.equal(server.call.message, call.message);
  server.fail(new RpcError(Code.NOT_FOUND, "no"));
  await refused;

  const client = new ScriptedBackend();
  const reply = limited(
    { requests: one },
    "client_streaming",
    now,
    client.handler,
  )(callOf("client_streaming"));
  const message = bytesOf("r");
  client.answerUnary(message);
  assert.equal(((await reply) as { message?: Uint8Array }).message, message);
});

test("requests that come too fast wait, and nothing is pulled meanwhile", async () => {
  using clock = new FakeClock();
  const { requests, pulled } = await openBidi({ requests: { messagesPerSecond: 2 } }, clock.now);
  requests.push(...["a", "b", "c", "d"].map(bytesOf));
  assert.equal(textOf((await pulled.next()).value), "a");
  assert.equal(textOf((await pulled.next()).value), "b");
  assert.equal(clock.started, 0, "what passes at once has no timer");
  const third = watch(pulled.next());
  await clock.advance(499);
  assert.deepEqual([third.state, clock.running, requests.pulls], ["pending", 1, 3]);
  await clock.advance(1);
  assert.equal(textOf(third.value?.value), "c");
  assert.deepEqual([clock.running, clock.started], [0, 1]);
});

test("replies that come too fast wait; their end does not", async () => {
  using clock = new FakeClock();
  const { backend, reply, replies } = await openBidi({ replies: { bytesPerSecond: 10 } }, clock.now);
  backend.replies.push(bytesOf("0123456789"), bytesOf("01234"));
  backend.replies.end();
  backend.trailer.resolve(Header.of([["x-t", "1"]]));
  await replies.next();
  const second = watch(replies.next());
  await clock.advance(499);
  assert.equal(second.state, "pending");
  await clock.advance(1);
  assert.equal(second.state, "fulfilled");
  assert.equal((await replies.next()).done, true);
  assert.equal((await reply.trailer).get("x-t"), "1");
});

test("a timer that fires early, or before a wait of weeks is over, is started again", async () => {
  using clock = new FakeClock();
  let behindMs = 1;
  const now = () => clock.now() - behindMs;
  const { requests, pulled } = await openBidi({ requests: { bytesPerSecond: 1 } }, now);
  requests.push(bytesOf("a"), bytesOf("b"));
  await pulled.next();
  const second = watch(pulled.next());
  await settled();
  behindMs = 2;
  await clock.advance(1000);
  assert.deepEqual([second.state, clock.running], ["pending", 1]);
  await clock.advance(1);
  assert.equal(second.state, "fulfilled");

  requests.push(new Uint8Array(3_000_000), bytesOf("c"));
  const large = watch(pulled.next());
  await clock.advance(1001);
  assert.equal(large.state, "fulfilled");
  const debt = watch(pulled.next());
  const timerMs = 2 ** 31 - 1;
  await clock.advance(timerMs);
  assert.deepEqual([debt.state, clock.running], ["pending", 1]);
  await clock.advance(3_000_000_000 - timerMs + 1);
  assert.equal(debt.state, "fulfilled");
  assert.equal(clock.longestMs, timerMs);
});

test("what a busy gateway hands on late counts for the second that has it", async () => {
  using clock = new FakeClock();
  const { requests, pulled } = await openBidi({ requests: { messagesPerSecond: 1 } }, clock.now);
  requests.push(...["a", "b", "c"].map(bytesOf));
  await pulled.next();
  const second = watch(pulled.next());
  await settled();
  await clock.advance(5000);
  assert.equal(second.state, "fulfilled");
  const third = watch(pulled.next());
  await clock.advance(999);
  assert.equal(third.state, "pending");
  await clock.advance(1);
  assert.equal(third.state, "fulfilled");
});

const refusals: readonly [LimitParts["requests"], string][] = [
  [{ maxMessages: 1 }, "the stream has more request messages than its limit of 1"],
  [{ maxTotalBytes: 4 }, "the stream has 6 bytes of request messages, more than its limit of 4"],
  [{ messagesPerSecond: 1, excess: "refuse" }, "request messages beyond the limit of 1 per second"],
  [{ bytesPerSecond: 5, excess: "refuse" }, "request messages beyond the limit of 5 bytes per second"],
];
for (const [limits, text] of refusals) {
  test(`requests beyond ${JSON.stringify(limits)} end the call, for all who are concerned`, async () => {
    using clock = new FakeClock();
    const parts = limits === undefined ? {} : { requests: limits };
    const { backend, requests, reply, replies, pulled, controller } = await openBidi(parts, clock.now);
    requests.push(bytesOf("one"), bytesOf("two"));
    const waiting = watch(replies.next());
    await pulled.next();
    const refused = await errorOf(pulled.next());
    assert.deepEqual([refused.code, refused.rawMessage], [Code.RESOURCE_EXHAUSTED, text]);
    await settled();
    assert.equal(waiting.reason, refused);
    assert.equal(backend.call?.signal.reason, refused);
    assert.deepEqual([requests.returns, backend.replies.returns], [1, 1]);
    assert.equal((await reply.trailer).size, 0);
    assert.equal((await pulled.next()).done, true);
    assert.equal((await replies.next()).done, true);
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  });
}

test("a refusal of requests wins over what the backend makes of it: before a header, in the stream, afterwards", async () => {
  const now = () => 0;
  const other = new RpcError(Code.INTERNAL, "half a request");
  const parts = { requests: one };
  {
    const backend = new ScriptedBackend();
    const requests = new PushSource();
    requests.push(bytesOf("a"), bytesOf("b"));
    const call = callOf("bidi_streaming", { messages: requests });
    const failed = errorOf(limited(parts, "bidi_streaming", now, backend.handler)(call));
    const pulled = backend.requests();
    await pulled.next();
    pulled.next().catch(() => backend.fail(other));
    assert.equal((await failed).code, Code.RESOURCE_EXHAUSTED);
  }
  for (const waits of [true, false]) {
    const { backend, requests, replies, pulled } = await openBidi(parts, now);
    requests.push(bytesOf("a"), bytesOf("b"));
    const waiting = waits ? watch(replies.next()) : undefined;
    await pulled.next();
    pulled.next().catch(() => backend.replies.fail(other));
    await settled();
    const reason = waiting === undefined ? await errorOf(replies.next()) : waiting.reason;
    assert.equal(reason instanceof RpcError && reason.code, Code.RESOURCE_EXHAUSTED);
  }
});

test("a backend that answers its return() with a failure of its own changes nothing, nor does its trailer", async () => {
  const { backend, reply, requests, replies, pulled } = await openBidi({ requests: one }, () => 0);
  const other = new RpcError(Code.INTERNAL, "cancelled");
  backend.replies.return = async () => {
    backend.replies.fail(other);
    backend.trailer.reject(other);
    throw other;
  };
  requests.push(bytesOf("a"), bytesOf("b"));
  const waiting = watch(replies.next());
  await pulled.next();
  const refused = await errorOf(pulled.next());
  await settled();
  assert.equal(waiting.reason, refused);
  assert.equal((await reply.trailer).size, 0);

  const lawless = await openBidi({ requests: one }, () => 0);
  lawless.backend.trailer.reject(other);
  assert.equal((await lawless.reply.trailer).size, 0);
});

test("a consumer that has had enough is told of no failure any more", async () => {
  const { requests, replies, pulled } = await openBidi({ requests: one }, () => 0);
  requests.push(bytesOf("a"), bytesOf("b"));
  await pulled.next();
  await errorOf(pulled.next());
  await replies.return?.();
  assert.equal((await replies.next()).done, true);
});

test("what client and backend fail with by themselves passes as it is", async () => {
  const parts = { requests: one, replies: one };
  const { backend, requests, replies, pulled } = await openBidi(parts, () => 0);
  const malformed = new RpcError(Code.INVALID_ARGUMENT, "malformed");
  const pull = errorOf(pulled.next());
  requests.fail(malformed);
  assert.equal(await pull, malformed);
  const lost = new RpcError(Code.UNAVAILABLE, "lost");
  const next = errorOf(replies.next());
  backend.replies.fail(lost);
  assert.equal(await next, lost);

  const failing = new ScriptedBackend();
  const failed = errorOf(
    limited(parts, "bidi_streaming", () => 0, failing.handler)(callOf("bidi_streaming")),
  );
  failing.fail(lost);
  assert.equal(await failed, lost);
});

test("replies beyond the limit end the call: requests too, and the message that is too much is not given", async () => {
  const { backend, requests, replies, pulled } = await openBidi({ replies: one, requests: one }, () => 0);
  backend.replies.push(bytesOf("a"), bytesOf("b"));
  const waiting = watch(pulled.next());
  const { texts, error } = await readAll({ [Symbol.asyncIterator]: () => replies });
  assert.deepEqual([texts, error?.code], [["a"], Code.RESOURCE_EXHAUSTED]);
  await settled();
  assert.equal(waiting.reason, error);
  assert.deepEqual([requests.returns, backend.replies.returns], [1, 1]);
});

test("a call is idle when no message has come either way, and one timer sees to that", async () => {
  using clock = new FakeClock();
  const { backend, requests, replies, pulled } = await openBidi({ idleTimeoutMs: 1000 }, clock.now);
  for (let index = 0; index < 20; index++) {
    await clock.advance(400);
    const [source, iterator] = index % 2 === 0 ? [requests, pulled] : [backend.replies, replies];
    source.push(bytesOf("m"));
    await iterator.next();
    assert.equal(clock.running, 1);
  }
  assert.ok(clock.started <= 14, `${clock.started} timers in 8 seconds`);
  const [request, reply] = [watch(pulled.next()), watch(replies.next())];
  await clock.advance(999);
  assert.equal(reply.state, "pending");
  await clock.advance(1);
  const { reason } = reply;
  assert.ok(reason instanceof RpcError);
  assert.deepEqual([reason.code, reason.rawMessage], [Code.CANCELLED, "no message either way for 1000 ms"]);
  assert.equal(request.reason, reason);
  assert.equal(backend.call?.signal.reason, reason);
  assert.deepEqual([requests.returns, backend.replies.returns, clock.running], [1, 1, 0]);
});

test("a call whose backend sends no header is idle too, and a header that comes late is let go", async () => {
  using clock = new FakeClock();
  const backend = new ScriptedBackend();
  const handler = limited({ idleTimeoutMs: 1000 }, "server_streaming", clock.now, backend.handler);
  const failed = watch(handler(callOf("server_streaming")));
  await clock.advance(1000);
  assert.equal(failed.reason instanceof RpcError && failed.reason.code, Code.CANCELLED);
  backend.answer();
  await settled();
  assert.equal(backend.replies.returns, 1);
});

test("a message that waits for the rate is no silence", async () => {
  using clock = new FakeClock();
  const parts = { requests: { messagesPerSecond: 1, bytesPerSecond: 1 }, idleTimeoutMs: 1000 };
  const { requests, pulled } = await openBidi(parts, clock.now);
  requests.push(new Uint8Array(10), bytesOf("b"));
  await pulled.next();
  const second = watch(pulled.next());
  await clock.advance(9999, 1);
  assert.equal(second.state, "pending");
  await clock.advance(1);
  assert.equal(second.state, "fulfilled");
  const third = watch(pulled.next());
  await clock.advance(999);
  assert.equal(third.state, "pending");
  await clock.advance(1);
  assert.equal(third.state, "rejected");
  assert.equal(clock.running, 0);
});

test("a call that was given up before it was made is not made, and its requests are returned", async () => {
  const reason = new RpcError(Code.CANCELLED, "gone");
  for (const parts of [{ requests: one }, { replies: one }]) {
    const backend = new ScriptedBackend();
    const messages = new PushSource();
    const call = callOf("bidi_streaming", { messages, signal: AbortSignal.abort(reason) });
    assert.equal(await errorOf(limited(parts, "bidi_streaming", () => 0, backend.handler)(call)), reason);
    assert.deepEqual([backend.call, messages.returns], [undefined, 1]);
  }
});

test("a handler that throws at once leaves nothing", async () => {
  using clock = new FakeClock();
  const controller = new AbortController();
  const reason = new Error("at once");
  const handler = limited({ idleTimeoutMs: 1 }, "bidi_streaming", clock.now, () => {
    throw reason;
  });
  await assert.rejects(handler(callOf("bidi_streaming", controller)), reason);
  assert.equal(clock.running, 0);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

const arrival = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 40 }));
const direction = fc.record({
  messagesPerSecond: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  bytesPerSecond: fc.option(fc.integer({ min: 40, max: 200 }), { nil: undefined }),
});

test("what is delayed keeps its order, nothing is lost, no second has more than rate and burst, one timer each way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { maxLength: 30, size: "max" }),
      fc.array(arrival, { maxLength: 30, size: "max" }),
      direction,
      direction,
      async (requests, replies, requestLimits, replyLimits) => {
        using clock = new FakeClock();
        const parts = { requests: { ...requestLimits, maxMessages: 30 }, replies: replyLimits };
        const opened = await openBidi(parts, clock.now);
        const ways = [
          { sent: requests, source: opened.requests, sink: opened.pulled, limits: requestLimits },
          { sent: replies, source: opened.backend.replies, sink: opened.replies, limits: replyLimits },
        ].map((way) => ({ ...way, at: 0, got: [] as [number, Uint8Array][], all: false }));
        for (const way of ways) {
          void (async () => {
            for await (const message of { [Symbol.asyncIterator]: () => way.sink }) {
              way.got.push([clock.now(), message]);
            }
            way.all = true;
          })();
        }
        const messagesOf = new Map(
          ways.map((way) => [way, way.sent.map(([, size]) => new Uint8Array(size))] as const),
        );
        // Steps of 50 ms; a message comes some steps after the one before it.
        for (let step = 0; ways.some(({ all }) => !all); step++) {
          assert.ok(step < 5_000, "all comes to an end");
          for (const way of ways) {
            const messages = messagesOf.get(way) ?? [];
            while (way.at < messages.length && (way.sent[way.at]?.[0] ?? 0) <= step % 6) {
              way.source.push(messages[way.at++] as Uint8Array);
            }
            // The end of the replies is that of the call.
            if (way.at === messages.length && (way === ways[0] || ways[0]?.all)) way.source.end();
          }
          await clock.advance(50);
          assert.ok(clock.running <= 2);
        }
        for (const way of ways) {
          assert.deepEqual(
            way.got.map(([, message]) => message),
            messagesOf.get(way),
          );
          checkRates(way.got, way.limits);
        }
        assert.equal(clock.running, 0);
      },
    ),
    { numRuns: 60 },
  );
});

function checkRates(got: readonly [number, Uint8Array][], limits: Partial<DirectionLimits>): void {
  const { messagesPerSecond = Number.POSITIVE_INFINITY, bytesPerSecond = Number.POSITIVE_INFINITY } = limits;
  for (const [fromMs] of got) {
    const within = got.filter(([atMs]) => atMs >= fromMs && atMs < fromMs + 1000);
    assert.ok(within.length <= 2 * messagesPerSecond);
    assert.ok(within.reduce((sum, [, { length }]) => sum + length, 0) <= 2 * bytesPerSecond);
  }
}

test("with a real backend: it is held back by the replies that wait, and cancelled where the stream is idle", async () => {
  const cancelled = Promise.withResolvers<void>();
  let written = 0;
  await using backend = await startBackend({
    async ServerStreaming(call) {
      call.on("cancelled", cancelled.resolve);
      for (; written < 10_000 && !call.cancelled; written++) {
        if (!call.write(Buffer.alloc(16_384))) {
          await new Promise((resolve) => call.once("drain", resolve).once("cancelled", resolve));
        }
      }
    },
    Bidi: (call) => call.on("cancelled", cancelled.resolve).resume(),
  });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  const clock = performance.now.bind(performance);
  const slow = limited({ replies: { messagesPerSecond: 5 } }, "server_streaming", clock, transport.invoke);
  const iterator = (await streamReply(slow(callOf("server_streaming")))).messages[Symbol.asyncIterator]();
  for (let count = 0; count < 6; count++) await iterator.next();
  const seventh = iterator.next();
  assert.ok(written < 2_000, `${written} messages have left the backend`);
  await iterator.return?.();
  assert.equal((await seventh).done, true);
  await cancelled.promise;

  const idle = limited({ idleTimeoutMs: 20 }, "bidi_streaming", clock, transport.invoke);
  const requests = new PushSource();
  const error = await errorOf(idle(callOf("bidi_streaming", { messages: requests })));
  assert.equal(error.code, Code.CANCELLED);
  assert.equal(requests.returns, 1);
});
