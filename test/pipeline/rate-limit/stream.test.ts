import assert from "node:assert/strict";
import { test } from "node:test";
import type { RateLimit } from "../../../src/pipeline/flow-policy.ts";
import { createRateLimitInterceptor } from "../../../src/pipeline/rate-limit/rate-limit.ts";
import { admitMessages } from "../../../src/pipeline/rate-limit/stream.ts";
import type { Handler, StreamReply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { streamOf } from "../../../src/rpc/stream.ts";
import type { LimitStore } from "../../../src/store/limit-store.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply, using } from "../../contract/transport.ts";
import { startBackend } from "../../contract/transport-backend.ts";
import { failingStore, keyOf, limitOf, recordReport, remoteStore, streamCall, wrap } from "./calls.ts";

/** Hands back what it is sent; the header comes at once. */
const echo: Handler = async (call) => {
  assert.equal(call.kind, "stream");
  const messages = call.kind === "stream" ? call.messages : streamOf<Uint8Array>();
  const trailer = Promise.resolve(new Header());
  return { kind: "stream", header: new Header(), messages, trailer };
};

function setUp(limits: readonly RateLimit[], shared?: (local: LimitStore) => LimitStore) {
  const local = createMemoryStore({ now: () => 1000 });
  const { report, lines } = recordReport();
  const stores = { local, ...(shared && { shared: shared(local) }) };
  const options = { limits, scopeKey: "s", stores, keyOf, report };
  const interceptor = createRateLimitInterceptor(options);
  return { lines, invoke: wrap(interceptor, echo), interceptor };
}

/** Messages as they are pulled, and whether they were returned. */
function source(...sizes: number[]) {
  let returned = false;
  let pulled = 0;
  const messages: AsyncIterableIterator<Uint8Array> = {
    async next() {
      const size = sizes[pulled];
      if (size === undefined || returned) return { done: true, value: undefined };
      pulled++;
      return { done: false, value: new Uint8Array(size) };
    },
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { messages, pulled: () => pulled, returned: () => returned };
}

/** How many messages came back, and the code of what ended them. */
async function drain(reply: Promise<unknown>): Promise<readonly [count: number, code: Code]> {
  let count = 0;
  try {
    for await (const _ of ((await reply) as StreamReply).messages) count++;
    return [count, Code.OK];
  } catch (reason) {
    assert.ok(reason instanceof RpcError, String(reason));
    return [count, reason.code];
  }
}

test("a stream pays one call when it begins, and its messages nothing", async () => {
  const { invoke } = setUp([limitOf({ requests: 1 })]);
  const first = source(1, 1, 1);
  const reply = await invoke(streamCall(first.messages));
  assert.equal(reply.header.get("ratelimit"), '"1";r=0;t=1');
  assert.deepEqual(await drain(Promise.resolve(reply)), [3, Code.OK]);
  const second = source(1);
  assert.deepEqual(await drain(invoke(streamCall(second.messages))), [0, Code.RESOURCE_EXHAUSTED]);
  assert.equal(second.returned(), true, "a stream that is refused is let go");
  assert.equal(second.pulled(), 0);
});

const costs: readonly [
  limit: Parameters<typeof limitOf>[0],
  sizes: number[],
  passed: number,
  reason: string,
][] = [
  [{ cost: "message", requests: 3 }, [1, 1, 1, 1, 1], 3, "each message is a unit"],
  [{ cost: "message", requests: 5 }, [1, 1, 1, 1, 1], 5, "just enough"],
  [{ cost: "byte", requests: 100 }, [40, 40, 40], 2, "each byte is a unit"],
  [{ cost: "byte", requests: 2 }, [0, 0, 0], 2, "an empty message is a byte"],
  [{ cost: "byte", requests: 10 }, [11], 0, "a message that is never admitted"],
  [{ cost: "message", requests: 1, dryRun: true }, [1, 1, 1], 3, "a limit that only watches"],
];
for (const remote of [false, true]) {
  for (const [limit, sizes, passed, reason] of costs) {
    test(`${limit?.cost}s are paid as they pass, ${remote ? "remotely" : "here"}: ${reason}`, async () => {
      const limits = [limitOf({ ...limit, scope: remote ? "shared" : "local" })];
      const { invoke } = setUp(limits, remote ? remoteStore : undefined);
      const { messages, returned } = source(...sizes);
      const refused = passed < sizes.length;
      const code = refused ? Code.RESOURCE_EXHAUSTED : Code.OK;
      assert.deepEqual(await drain(invoke(streamCall(messages))), [passed, code]);
      assert.equal(returned(), refused, "the rest is let go");
    });
  }
}

test("a limit by a field is paid with the first message, by its value", async () => {
  const { invoke } = setUp([limitOf({ requests: 1, key: "field:name" })]);
  const send = (...names: string[]) =>
    drain(invoke(streamCall(streamOf(...names.map((name) => Buffer.from(name))))));
  assert.deepEqual(await send("a", "x", "y"), [3, Code.OK]);
  assert.deepEqual(await send("a"), [0, Code.RESOURCE_EXHAUSTED]);
  assert.deepEqual(await send("b", "a"), [2, Code.OK]);
  assert.deepEqual(await send(), [0, Code.OK], "a stream without messages has a count of its own");
  assert.deepEqual(await send(), [0, Code.RESOURCE_EXHAUSTED]);
});

test("messages by a field are paid by the first one's value, whatever the others say", async () => {
  const { invoke } = setUp([limitOf({ requests: 2, key: "field:name", cost: "message" })]);
  const send = (...names: string[]) =>
    drain(invoke(streamCall(streamOf(...names.map((name) => Buffer.from(name))))));
  assert.deepEqual(await send("a", "b", "c"), [2, Code.RESOURCE_EXHAUSTED]);
  assert.deepEqual(await send("b"), [1, Code.OK]);
});

test("the policies of all limits are told in the header, and what is left of those that are known by then", async () => {
  const { invoke } = setUp([
    limitOf({ name: "m", requests: 9, cost: "message" }),
    limitOf({ name: "c", requests: 5 }),
  ]);
  const { header } = await invoke(streamCall(source().messages));
  assert.equal(header.get("ratelimit-policy"), '"c";q=5;w=1, "m";q=9;w=1');
  assert.equal(header.get("ratelimit"), '"c";r=4;t=1');
});

test("a store that fails in the middle ends the stream where the limit says so", async () => {
  const { invoke } = setUp([limitOf({ cost: "message", scope: "shared", onStoreFailure: "deny" })], () =>
    failingStore("later"),
  );
  const { messages, returned } = source(1, 1);
  assert.deepEqual(await drain(invoke(streamCall(messages))), [0, Code.UNAVAILABLE]);
  assert.equal(returned(), true);
});

test("a stream whose client has left while the store was asked is not begun", async () => {
  const { invoke } = setUp([limitOf({ scope: "shared" })], remoteStore);
  const controller = new AbortController();
  const { messages, returned } = source(1);
  const reply = invoke({ ...streamCall(messages), signal: controller.signal });
  controller.abort(new RpcError(Code.CANCELLED, "gone"));
  assert.deepEqual(await drain(reply), [0, Code.CANCELLED]);
  assert.equal(returned(), true);
});

test("messages can be returned while the next one is waited for", async () => {
  let returned = false;
  const silent: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const iterator = admitMessages(silent, () => undefined)[Symbol.asyncIterator]();
  void iterator.next();
  assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  assert.equal(returned, true);
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test("messages can be returned while leave is waited for, and the one that waits does not pass", async () => {
  const leave = Promise.withResolvers<void>();
  const { messages, returned } = source(1, 1);
  const iterator = admitMessages(messages, () => leave.promise)[Symbol.asyncIterator]();
  const pending = iterator.next();
  await new Promise(setImmediate);
  await iterator.return?.();
  leave.resolve();
  assert.deepEqual(await pending, { done: true, value: undefined });
  assert.equal(returned(), true);
});

test("an error that is thrown in reaches the source as a return", async () => {
  const { messages, returned } = source(1);
  const iterator = admitMessages(messages, () => undefined)[Symbol.asyncIterator]();
  await assert.rejects(iterator.throw?.(new Error("enough")) ?? Promise.resolve(), /enough/);
  assert.equal(returned(), true);
});

test("a source's failure passes as it is", async () => {
  const failure = new RpcError(Code.INVALID_ARGUMENT, "broken");
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw failure;
  }
  const { invoke } = setUp([limitOf({ cost: "message" })]);
  assert.deepEqual(await drain(invoke(streamCall(broken()))), [1, Code.INVALID_ARGUMENT]);
});

test("a refusal that is late is nobody's unhandled rejection", async () => {
  const leave = Promise.withResolvers<void>();
  const { messages } = source(1);
  const iterator = admitMessages(messages, () => leave.promise)[Symbol.asyncIterator]();
  const pending = iterator.next();
  await new Promise(setImmediate);
  await iterator.return?.();
  leave.reject(new RpcError(Code.RESOURCE_EXHAUSTED, "late"));
  await assert.rejects(pending, /late/);
});

test("a real backend's call ends with the refusal, whatever the backend has answered before", async () => {
  await using backend = await startBackend({
    Bidi(call) {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
      call.on("error", () => {});
    },
  });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  const { interceptor } = setUp([limitOf({ requests: 3, cost: "message" })]);
  const invoke = wrap(interceptor, transport.invoke);
  const messages = streamOf(...["a", "b", "c", "d", "e"].map(bytesOf));
  const answer = async () => {
    const reply = await streamReply(invoke(callOf("bidi_streaming", { messages })));
    const { error } = await readAll(reply.messages);
    await reply.trailer;
    throw error;
  };
  // Before the backend's header has come it is the call that fails, afterwards its messages.
  const failure = await errorOf(answer());
  assert.equal(failure.code, Code.RESOURCE_EXHAUSTED);
  assert.notEqual(failure.trailer.get("grpc-retry-pushback-ms"), undefined);
});
