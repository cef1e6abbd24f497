import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { refuseOpenCircuit } from "../../../src/pipeline/circuit-breaker/refusal.ts";
import type { RetryPolicy } from "../../../src/pipeline/flow-policy.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import {
  createRetryInterceptor,
  type RetryEvent,
  type RetryOptions,
} from "../../../src/pipeline/retry/retry.ts";
import type { Call } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { MethodInfo } from "../../../src/rpc/method.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { callOf, errorOf, textOf, unaryReply } from "../../contract/transport.ts";
import { methodOf } from "../../contract/transport-backend.ts";
import {
  type Act,
  createFakeClock,
  type FakeClock,
  failed,
  type ScriptedBackend,
  scriptBackend,
  unaryOf,
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

interface Setup {
  readonly clock: FakeClock;
  readonly backend: ScriptedBackend;
  readonly events: RetryEvent[];
  readonly invoke: (parts?: Partial<Call>) => Promise<unknown>;
}

function setUp(script: readonly Act[], options: Partial<RetryOptions> = {}): Setup {
  const clock = createFakeClock();
  const backend = scriptBackend(...script);
  const events: RetryEvent[] = [];
  const interceptor = createRetryInterceptor({
    policy,
    method: methodOf("unary"),
    explicit: true,
    budget: new RetryBudget(clock.now),
    clock,
    random: () => 1,
    report: (event) => events.push(event),
    ...options,
  });
  assert.ok(interceptor);
  const handler = interceptor(backend.handler);
  const call = callOf("unary", { message: "m" });
  return { clock, backend, events, invoke: (parts) => handler({ ...call, ...parts } as Call) };
}

const allowed: readonly [
  kind: MethodInfo["kind"],
  idempotency: MethodInfo["idempotency"],
  explicit: boolean,
  retried: boolean,
  reason: string,
][] = [
  ["unary", "no_side_effects", false, true, "it has no effect that could happen twice"],
  ["unary", "idempotent", false, true, "twice is as good as once"],
  ["unary", "unknown", false, false, "twice may be once too often, and a service's policy does not know"],
  ["unary", "unknown", true, true, "the method's own policy says so"],
  ["server_streaming", "no_side_effects", false, true, "a stream before its first message"],
  ["client_streaming", "no_side_effects", true, false, "its requests cannot be had again"],
  ["bidi_streaming", "no_side_effects", true, false, "its requests cannot be had again"],
];
for (const [kind, idempotency, explicit, retried, reason] of allowed) {
  const which = explicit ? "its own policy" : "its service's policy";
  test(`${kind}, ${idempotency}, with ${which}: ${retried ? "retried" : "not retried"}, ${reason}`, () => {
    const method = { ...methodOf(kind), idempotency };
    const budget = new RetryBudget(() => 0);
    const interceptor = createRetryInterceptor({ policy, method, explicit, budget });
    assert.equal(interceptor !== undefined, retried);
  });
}

test("a call that is answered passes untouched, and takes nothing of the budget", async () => {
  const clock = createFakeClock();
  const budget = new RetryBudget(clock.now);
  const { backend, invoke, events } = setUp([{ reply: "yes" }], { budget });
  const reply = await unaryReply(invoke() as Promise<never>);
  assert.equal(textOf(reply.message), "yes");
  assert.equal(backend.calls[0]?.header.has("grpc-previous-rpc-attempts"), false);
  assert.deepEqual(events, []);
  assert.deepEqual(budget.view(0.2), { calls: 1, retries: 0, balance: 10 });
});

test("failures in a code of the policy are followed by further attempts, which wait and say how many there were", async () => {
  const { backend, clock, events, invoke } = setUp([
    { fail: unavailable() },
    { fail: unavailable() },
    { reply: "yes" },
  ]);
  const reply = invoke() as Promise<never>;
  await clock.advance(49);
  assert.equal(backend.calls.length, 1);
  await clock.advance(1);
  assert.equal(backend.calls.length, 2);
  await clock.advance(99);
  assert.equal(backend.calls.length, 2);
  await clock.advance(1);
  assert.equal(textOf((await unaryReply(reply)).message), "yes");
  const attempts = backend.calls.map(({ header }) => header.get("grpc-previous-rpc-attempts"));
  assert.deepEqual(attempts, [undefined, "1", "2"]);
  assert.deepEqual(
    backend.calls.map((call) => call.kind === "unary" && textOf(call.message)),
    ["m", "m", "m"],
  );
  assert.deepEqual(events, [
    { kind: "retry", code: Code.UNAVAILABLE, waitMs: 50 },
    { kind: "retry", code: Code.UNAVAILABLE, waitMs: 100 },
  ]);
});

test("the client's own retries are counted with ours, unless they are no number", async () => {
  for (const [said, told] of [
    ["2", "3"],
    ["many", "1"],
    ["99999999999", "1"],
  ] as const) {
    const { backend, clock, invoke } = setUp([{ fail: unavailable() }, { reply: "yes" }]);
    const header = Header.of([["grpc-previous-rpc-attempts", said]]);
    const reply = invoke({ header });
    await clock.advance(50);
    await reply;
    assert.deepEqual(backend.calls[1]?.header.getAll("grpc-previous-rpc-attempts"), [told]);
    assert.equal(header.get("grpc-previous-rpc-attempts"), said, "the call's own header stays");
  }
});

type End = Extract<RetryEvent, { kind: "end" }>["reason"];
const ends: readonly [act: Act, attempts: number, end: End | undefined, reason: string][] = [
  [{ fail: unavailable() }, 3, "attempts", "no attempt is left"],
  [{ fail: failed(Code.NOT_FOUND) }, 1, undefined, "the code is not one of the policy's"],
  [{ fail: failed(Code.DEADLINE_EXCEEDED) }, 1, undefined, "nor is that one, without a time for an attempt"],
  [{ fail: unavailable("-1") }, 1, "pushback", "the backend forbids it"],
  [{ fail: unavailable("later") }, 1, "pushback", "so does what cannot be read"],
  [{ fail: failed(Code.NOT_FOUND, "5") }, 1, undefined, "pushback makes no code retryable"],
  [{ fail: refuseOpenCircuit(5000) }, 1, undefined, "the circuit is open"],
];
for (const [act, attempts, end, reason] of ends) {
  test(`after ${attempts} of 3 attempts the error is the client's: ${reason}`, async () => {
    const { backend, clock, events, invoke } = setUp([act]);
    const error = errorOf(invoke());
    await clock.advance(10_000);
    assert.equal(await error, (act as { fail: RpcError }).fail);
    assert.equal(backend.calls.length, attempts);
    assert.equal(clock.timerCount, 0);
    const ended = events.filter((event) => event.kind === "end").map((event) => event.reason);
    assert.deepEqual(ended, end === undefined ? [] : [end]);
  });
}

test("an error that is not the backend's but a bug of ours is not tried again", async () => {
  const { backend, clock, invoke } = setUp([{ fail: new TypeError("oops") as unknown as RpcError }]);
  await Promise.all([assert.rejects(invoke(), /oops/), clock.advance(1000)]);
  assert.equal(backend.calls.length, 1);
});

test("pushback replaces the backoff, which begins anew after it", async () => {
  const { clock, events, invoke } = setUp(
    [{ fail: unavailable() }, { fail: unavailable("700") }, { fail: unavailable() }, { reply: "yes" }],
    { policy: { ...policy, maxAttempts: 5 } },
  );
  const reply = invoke();
  await clock.advance(50 + 700 + 50);
  await reply;
  assert.deepEqual(
    events.map((event) => event.kind === "retry" && event.waitMs),
    [50, 700, 50],
  );
});

const deadlines: readonly [leftMs: number, pushback: string | undefined, attempts: number, reason: string][] =
  [
    [51, undefined, 2, "the backoff fits"],
    [50, undefined, 1, "after the backoff no time is left"],
    [500, "499", 2, "the pushback fits"],
    [500, "500", 1, "after the pushback no time is left"],
  ];
for (const [leftMs, pushback, attempts, reason] of deadlines) {
  const wait = pushback === undefined ? "a backoff of 50 ms" : `a pushback of ${pushback} ms`;
  test(`with ${leftMs} ms left ${wait} makes ${attempts} attempts: ${reason}`, async () => {
    const fail = unavailable(pushback);
    const { backend, clock, events, invoke } = setUp([{ fail }]);
    const error = errorOf(invoke({ deadline: { atMs: clock.now() + leftMs } }));
    if (attempts === 1) assert.equal(await error, fail, "without waiting");
    await clock.advance(leftMs);
    assert.equal(await error, fail);
    assert.equal(backend.calls.length, attempts);
    assert.deepEqual(events.at(-1), { kind: "end", code: Code.UNAVAILABLE, reason: "deadline" });
  });
}

test("without budget there is no retry, and the error is the client's", async () => {
  const clock = createFakeClock();
  const budget = new RetryBudget(clock.now);
  while (budget.withdraw(0.2));
  const fail = unavailable();
  const { backend, events, invoke } = setUp([{ fail }], { budget });
  assert.equal(await errorOf(invoke()), fail);
  assert.equal(backend.calls.length, 1);
  assert.deepEqual(events, [{ kind: "end", code: Code.UNAVAILABLE, reason: "budget" }]);
});

test("the signal ends the wait, with its reason", async () => {
  const { backend, clock, invoke } = setUp([{ fail: unavailable() }]);
  const controller = new AbortController();
  const error = errorOf(invoke({ signal: controller.signal }));
  await clock.advance(10);
  const reason = new RpcError(Code.CANCELLED, "the client is gone");
  controller.abort(reason);
  assert.equal(await error, reason);
  assert.deepEqual([backend.calls.length, clock.timerCount], [1, 0]);
});

test("a failure after the signal is the signal's", async () => {
  const { backend, invoke } = setUp(["hang"], { policy: { ...policy, codes: new Set([Code.CANCELLED]) } });
  const controller = new AbortController();
  const error = errorOf(invoke({ signal: controller.signal }));
  controller.abort();
  assert.equal((await error).code, Code.CANCELLED);
  assert.equal(backend.calls.length, 1);
});

test("an attempt has its own time, and what takes longer is cancelled and tried again", async () => {
  const { backend, clock, invoke } = setUp(["hang", { reply: "yes" }], { perTryMs: 200 });
  const startMs = clock.now();
  const reply = invoke({ deadline: { atMs: startMs + 1000 } }) as Promise<never>;
  await clock.advance(199);
  assert.deepEqual([backend.calls.length, backend.running()], [1, 1]);
  await clock.advance(1);
  assert.equal(backend.running(), 0, "nothing runs during the backoff");
  await clock.advance(50);
  assert.equal(textOf((await unaryReply(reply)).message), "yes");
  assert.deepEqual(
    backend.calls.map(({ deadline }) => deadline && deadline.atMs - startMs),
    [200, 450],
  );
  assert.equal(clock.timerCount, 0);
});

test("an attempt's deadline is the call's where that is sooner", async () => {
  const { backend, clock, invoke } = setUp([{ reply: "yes" }], { perTryMs: 200 });
  const deadline = { atMs: clock.now() + 100 };
  await invoke({ deadline });
  assert.deepEqual(backend.calls[0]?.deadline, deadline);
});

test("a backend that ends an attempt by its own clock, a little ahead of ours, has not answered", async () => {
  const early = Promise.withResolvers<never>();
  const { clock, backend } = setUp([{ reply: "yes" }]);
  let attempts = 0;
  const interceptor = createRetryInterceptor({
    policy,
    method: methodOf("unary"),
    explicit: true,
    perTryMs: 200,
    budget: new RetryBudget(clock.now),
    clock,
    random: () => 0,
  });
  const handler = interceptor?.((call) => (attempts++ === 0 ? early.promise : backend.handler(call)));
  const reply = handler?.(callOf("unary"));
  await clock.advance(185);
  early.reject(failed(Code.DEADLINE_EXCEEDED));
  assert.equal((await reply)?.kind, "unary");
  assert.equal(attempts, 2);
});

test("a deadline of the backend's own, long before the attempt's, is an answer", async () => {
  const { backend, clock, invoke } = setUp([{ fail: failed(Code.DEADLINE_EXCEEDED) }], { perTryMs: 200 });
  const error = errorOf(invoke());
  await clock.advance(1000);
  assert.equal((await error).code, Code.DEADLINE_EXCEEDED);
  assert.equal(backend.calls.length, 1);
});

test("a call that has ended has left no listener on its signal and no timer", async () => {
  const script: Act[] = ["hang", { fail: unavailable() }, { reply: "yes" }];
  const { clock, invoke } = setUp(script, { perTryMs: 200 });
  const { signal } = new AbortController();
  const reply = invoke({ signal });
  await clock.advance(1000);
  await reply;
  assert.deepEqual([getEventListeners(signal, "abort").length, clock.timerCount], [0, 0]);
});

test("the last attempt that takes too long is DEADLINE_EXCEEDED", async () => {
  const { backend, clock, invoke } = setUp(["hang"], { perTryMs: 200 });
  const error = errorOf(invoke());
  await clock.advance(5000);
  assert.equal((await error).code, Code.DEADLINE_EXCEEDED);
  assert.deepEqual([backend.calls.length, backend.running(), clock.timerCount], [3, 0, 0]);
});

test("a handler that ignores the signal does not hold up the next attempt, and its late reply changes nothing", async () => {
  const { backend, clock, invoke } = setUp(["deaf", { reply: "second" }], { perTryMs: 200 });
  const reply = invoke() as Promise<never>;
  await clock.advance(250);
  assert.equal(textOf((await unaryReply(reply)).message), "second");
  backend.release(unaryOf("first"));
  assert.equal(backend.running(), 0);
});
