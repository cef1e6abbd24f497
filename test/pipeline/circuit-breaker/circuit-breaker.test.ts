import assert from "node:assert/strict";
import { test } from "node:test";
import { createCircuitBreaker } from "../../../src/pipeline/circuit-breaker/circuit-breaker.ts";
import { isCircuitOpen } from "../../../src/pipeline/circuit-breaker/refusal.ts";
import {
  type CircuitBreakers,
  createCircuitBreakers,
} from "../../../src/pipeline/circuit-breaker/registry.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import { createRetryInterceptor } from "../../../src/pipeline/retry/retry.ts";
import { type Call, composeHandler, type Handler } from "../../../src/rpc/call.ts";
import { Code, codeName } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply } from "../../contract/transport.ts";
import { methodOf } from "../../contract/transport-backend.ts";
import {
  type Act,
  createFakeClock,
  type FakeClock,
  failed,
  scriptBackend,
  settle,
} from "../retry/fixture.ts";

const policy = { failureRatio: 0.5, minCalls: 1, windowMs: 10_000, openMs: 5000 };
const scopeKey = "books /test.Transport/Unary";

function setUp(...script: readonly Act[]): {
  clock: FakeClock;
  registry: CircuitBreakers;
  handler: Handler;
  calls: readonly Call[];
  state: () => string | undefined;
  counts: () => readonly (number | undefined)[];
} {
  const clock = createFakeClock();
  const registry = createCircuitBreakers({ now: clock.now });
  const { handler, calls } = scriptBackend(...script);
  return {
    clock,
    registry,
    calls,
    handler: createCircuitBreaker({ policy, scopeKey, registry })(handler),
    state: () => registry.view(scopeKey)?.state,
    counts: () => [registry.view(scopeKey)?.calls, registry.view(scopeKey)?.failures],
  };
}

const opening = new Set(["UNAVAILABLE", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED", "DATA_LOSS"]);
for (const code of Object.values(Code).filter(
  (each) => each !== Code.OK && each !== Code.DEADLINE_EXCEEDED,
)) {
  const opens = opening.has(codeName(code));
  test(`${codeName(code)} is ${opens ? "a failure of the backend" : "an answer"}`, async () => {
    const { handler, counts } = setUp({ fail: failed(code) });
    assert.equal((await errorOf(handler(callOf("unary")))).code, code);
    assert.deepEqual(counts(), [1, opens ? 1 : 0]);
  });
}

test("an error that is not of a peer is a failure", async () => {
  const { handler, state } = setUp({ fail: new TypeError("oops") as unknown as RpcError });
  await assert.rejects(handler(callOf("unary")), /oops/);
  assert.equal(state(), "open");
});

test("an open circuit refuses at once: UNAVAILABLE, RetryInfo, pushback; the requests are returned", async () => {
  const { calls, clock, handler } = setUp({ fail: failed(Code.UNAVAILABLE) });
  await errorOf(handler(callOf("unary")));
  await clock.advance(2000);
  let returned = false;
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const error = await errorOf(handler(callOf("client_streaming", { messages })));
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.equal(isCircuitOpen(error), true);
  assert.equal(error.details[0]?.typeUrl, "type.googleapis.com/google.rpc.RetryInfo");
  // retry_delay (field 1) of three seconds (field 1).
  assert.deepEqual([...(error.details[0]?.value ?? [])], [0x0a, 2, 0x08, 3]);
  assert.equal(error.trailer.get("grpc-retry-pushback-ms"), "3000");
  assert.equal(returned, true);
  assert.equal(calls.length, 1);
});

test("the first call after its time tries: it closes the circuit, and others wait for it", async () => {
  const { clock, handler, state } = setUp({ fail: failed(Code.UNAVAILABLE) }, { reply: "yes" });
  await errorOf(handler(callOf("unary")));
  await clock.advance(5000);
  const tries = handler(callOf("unary"));
  assert.equal(isCircuitOpen(await errorOf(handler(callOf("unary")))), true);
  await tries;
  assert.equal(state(), "closed");
});

test("a call that tries and whose client goes away leaves the place to the next", async () => {
  const { clock, handler, state } = setUp({ fail: failed(Code.UNAVAILABLE) }, "hang", { reply: "yes" });
  await errorOf(handler(callOf("unary")));
  await clock.advance(5000);
  const controller = new AbortController();
  const left = handler(callOf("unary", controller)).catch(() => {});
  controller.abort(new RpcError(Code.CANCELLED, "gone"));
  await left;
  assert.equal(state(), "half_open");
  await handler(callOf("unary"));
  assert.equal(state(), "closed");
});

test("a handler that throws instead of rejecting leaves the place as well", async () => {
  const registry = createCircuitBreakers();
  const handler = createCircuitBreaker({ policy, scopeKey, registry })(() => {
    throw new RpcError(Code.NOT_FOUND, "no");
  });
  assert.equal((await errorOf(handler(callOf("unary")))).code, Code.NOT_FOUND);
  assert.equal(registry.view(scopeKey)?.calls, 1);
});

const timeouts: readonly [waitedMs: number, failures: number, reason: string][] = [
  [100, 1, "the backend had time enough"],
  [1, 0, "nobody answers within a millisecond, and whoever asks for it must not open the circuit for all"],
];
for (const [waitedMs, failures, reason] of timeouts) {
  test(`a timeout after ${waitedMs} ms is ${failures} failures: ${reason}`, async () => {
    const { clock, counts, handler } = setUp("hang");
    const controller = new AbortController();
    const error = errorOf(handler(callOf("unary", controller)));
    await clock.advance(waitedMs);
    controller.abort(new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded"));
    assert.equal((await error).code, Code.DEADLINE_EXCEEDED);
    assert.deepEqual(counts(), [failures, failures]);
  });
}

test("a backend that always takes its time is given it: answers of a second, a timeout after half of one", async () => {
  for (const kind of ["unary", "server_streaming"] as const) {
    const clock = createFakeClock();
    const registry = createCircuitBreakers({ now: clock.now });
    let answering = true;
    const { handler: backend } = scriptBackend(kind === "unary" ? { reply: "a" } : { stream: ["a"] });
    const slow: Handler = async (call) => {
      if (answering) {
        await new Promise<void>((resolve) => clock.startTimer(1000, resolve));
        return backend(call);
      }
      await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
      throw call.signal.reason;
    };
    const handler = createCircuitBreaker({ policy, scopeKey, registry })(slow);
    for (let i = 0; i < 50; i++) {
      const reply = handler(callOf(kind));
      await clock.advance(1000);
      const answered = await reply;
      if (answered.kind === "stream") await readAll(answered.messages);
    }
    answering = false;
    const controller = new AbortController();
    const error = errorOf(handler(callOf(kind, controller)));
    await clock.advance(500);
    controller.abort(new RpcError(Code.DEADLINE_EXCEEDED, "late"));
    await error;
    assert.equal(registry.view(scopeKey)?.failures, 0);
  }
});

const streams: readonly [act: Act, counts: readonly [calls: number, failures: number], reason: string][] = [
  [{ stream: ["a"] }, [1, 0], "it ended well"],
  [{ stream: ["a"], ending: failed(Code.UNAVAILABLE) }, [1, 1], "it broke off"],
  [{ stream: [], ending: failed(Code.NOT_FOUND) }, [1, 0], "it ended with an answer"],
  [{ stream: ["a"], ending: failed(Code.DEADLINE_EXCEEDED) }, [1, 0], "it served as long as it was let"],
  [{ fail: failed(Code.UNAVAILABLE) }, [1, 1], "it never began"],
];
for (const [act, expected, reason] of streams) {
  test(`a stream is counted when it has ended, ${expected.join(" call, ")} failure(s): ${reason}`, async () => {
    const { counts, handler } = setUp(act);
    const reply = await streamReply(handler(callOf("server_streaming"))).catch(() => undefined);
    if (reply) {
      assert.deepEqual(counts(), [0, 0], "not with its header");
      await readAll(reply.messages);
      await reply.trailer;
    }
    assert.deepEqual(counts(), expected);
  });
}

const leaving: readonly [
  messages: readonly string[],
  reason: RpcError | undefined,
  counts: readonly [number, number],
  why: string,
][] = [
  [[], undefined, [1, 0], "the consumer has had enough"],
  [[], new RpcError(Code.CANCELLED, "gone"), [0, 0], "the client went away"],
  [[], new RpcError(Code.DEADLINE_EXCEEDED, "late"), [1, 1], "there was time and no message"],
  [["a"], new RpcError(Code.DEADLINE_EXCEEDED, "late"), [1, 0], "there was time and a message"],
];
for (const [texts, reason, expected, why] of leaving) {
  test(`a stream of ${texts.length} messages that is returned ${reason ? `on ${codeName(reason.code)}` : "freely"} counts ${expected}: ${why}`, async () => {
    const { clock, counts, handler } = setUp({ stream: texts, ending: "silence" });
    const controller = new AbortController();
    const reply = await streamReply(handler(callOf("server_streaming", controller)));
    const iterator = reply.messages[Symbol.asyncIterator]();
    for (const _ of texts) await iterator.next();
    const pending = iterator.next().catch(() => {});
    await clock.advance(1000);
    if (reason) controller.abort(reason);
    await iterator.return?.();
    await pending;
    assert.deepEqual(counts(), expected);
  });
}

test("what the client's own stream of requests throws is not the backend's failure", async () => {
  const tooLarge = new RpcError(Code.RESOURCE_EXHAUSTED, "message too large");
  for (const thrown of [tooLarge, new TypeError("oops")]) {
    const registry = createCircuitBreakers();
    const pulling: Handler = async (call) => {
      assert.equal(call.kind, "stream");
      try {
        if (call.kind === "stream") for await (const _ of call.messages);
      } catch (reason) {
        throw RpcError.from(reason);
      }
      assert.fail();
    };
    async function* requests(): AsyncIterable<Uint8Array> {
      yield bytesOf("a");
      throw thrown;
    }
    const handler = createCircuitBreaker({ policy, scopeKey, registry })(pulling);
    await errorOf(handler(callOf("client_streaming", { messages: requests() })));
    const view = registry.view(scopeKey);
    assert.deepEqual([view?.state, view?.calls], ["closed", 0]);
  }
});

test("requests pass through, and are returned with the backend's return", async () => {
  const seen: string[] = [];
  let returned = false;
  async function* requests(): AsyncIterable<Uint8Array> {
    try {
      for (const text of ["a", "b", "c"]) yield bytesOf(text);
    } finally {
      returned = true;
    }
  }
  const registry = createCircuitBreakers();
  const handler = createCircuitBreaker({ policy, scopeKey, registry })(async (call) => {
    if (call.kind === "stream") {
      for await (const message of call.messages) {
        seen.push(new TextDecoder().decode(message));
        if (seen.length === 2) break;
      }
    }
    throw new RpcError(Code.NOT_FOUND, "enough");
  });
  await errorOf(handler(callOf("client_streaming", { messages: requests() })));
  assert.deepEqual([seen, returned], [["a", "b"], true]);
});

test("retries stop at an open circuit, which counts attempts", async () => {
  const clock = createFakeClock();
  const registry = createCircuitBreakers({ now: clock.now });
  const backend = scriptBackend({ fail: failed(Code.UNAVAILABLE) });
  const retry = createRetryInterceptor({
    policy: {
      maxAttempts: 5,
      initialBackoffMs: 1,
      maxBackoffMs: 1,
      backoffMultiplier: 1,
      codes: new Set([Code.UNAVAILABLE]),
      budgetRatio: 1,
    },
    method: methodOf("unary"),
    explicit: true,
    budget: new RetryBudget(clock.now),
    clock,
  });
  assert.ok(retry);
  const breaker = createCircuitBreaker({ policy: { ...policy, minCalls: 2 }, scopeKey, registry });
  const handler = composeHandler([retry, breaker], backend.handler);
  const error = errorOf(handler(callOf("unary")));
  await clock.advance(100);
  assert.equal(isCircuitOpen(await error), true);
  assert.equal(backend.calls.length, 2);
  await settle();
  assert.equal(clock.timerCount, 0);
});
