import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { refuseOpenCircuit } from "../../../src/pipeline/circuit-breaker/refusal.ts";
import type { HedgePolicy } from "../../../src/pipeline/flow-policy.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import { createHedgeInterceptor } from "../../../src/pipeline/retry/hedge.ts";
import type { Call, Reply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
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
  settle,
  unaryOf,
  unavailable,
} from "./fixture.ts";

const policy: HedgePolicy = {
  maxAttempts: 3,
  delayMs: 100,
  nonFatalCodes: new Set([Code.UNAVAILABLE]),
  budgetRatio: 0.2,
};

function setUp(
  script: readonly Act[],
  budgetCount = 10,
  kind: "unary" | "server_streaming" = "unary",
): {
  clock: FakeClock;
  backend: ScriptedBackend;
  invoke: (parts?: Partial<Call>) => Promise<Reply>;
} {
  const clock = createFakeClock();
  const backend = scriptBackend(...script);
  const budget = new RetryBudget(clock.now);
  for (let i = 10; i > budgetCount; i--) budget.withdraw(0);
  const interceptor = createHedgeInterceptor({
    policy: { ...policy, budgetRatio: 0 },
    method: methodOf(kind),
    explicit: true,
    budget,
    clock,
  });
  assert.ok(interceptor);
  const handler = interceptor(backend.handler);
  return { clock, backend, invoke: (parts) => handler({ ...callOf(kind), ...parts } as Call) };
}

const allowed: readonly [
  kind: MethodInfo["kind"],
  idempotency: MethodInfo["idempotency"],
  explicit: boolean,
  hedged: boolean,
][] = [
  ["unary", "no_side_effects", false, true],
  ["unary", "idempotent", false, false],
  ["unary", "idempotent", true, true],
  ["unary", "unknown", false, false],
  ["server_streaming", "no_side_effects", false, true],
  ["client_streaming", "no_side_effects", true, false],
  ["bidi_streaming", "no_side_effects", true, false],
];
for (const [kind, idempotency, explicit, hedged] of allowed) {
  test(`${kind}, ${idempotency}, explicit ${explicit}: ${hedged ? "hedged" : "not hedged"}`, () => {
    const method = { ...methodOf(kind), idempotency };
    const budget = new RetryBudget(() => 0);
    assert.equal(createHedgeInterceptor({ policy, method, explicit, budget }) !== undefined, hedged);
  });
}

test("a call that is answered in time is sent once", async () => {
  const { backend, clock, invoke } = setUp([{ reply: "yes" }]);
  assert.equal(textOf((await unaryReply(invoke())).message), "yes");
  await clock.advance(1000);
  assert.deepEqual([backend.calls.length, clock.timerCount], [1, 0]);
});

test("attempts are sent side by side until one is answered, and then the others are cancelled", async () => {
  const { backend, clock, invoke } = setUp(["hang", "hang", { reply: "third" }]);
  const reply = invoke();
  await clock.advance(199);
  assert.deepEqual([backend.calls.length, backend.running()], [2, 2]);
  await clock.advance(1);
  assert.equal(textOf((await unaryReply(reply)).message), "third");
  await settle();
  assert.deepEqual([backend.calls.length, backend.running(), clock.timerCount], [3, 0, 0]);
  assert.deepEqual(
    backend.calls.map(({ header }) => header.get("grpc-previous-rpc-attempts")),
    [undefined, "1", "2"],
  );
  assert.equal(backend.calls[0]?.signal.reason.code, Code.CANCELLED);
});

test("no more than the most attempts run, however long it takes", async () => {
  const { backend, clock, invoke } = setUp(["hang"]);
  const controller = new AbortController();
  const error = errorOf(invoke({ signal: controller.signal }));
  await clock.advance(60_000);
  assert.deepEqual([backend.running(), clock.timerCount], [3, 0]);
  const reason = new RpcError(Code.DEADLINE_EXCEEDED, "late");
  controller.abort(reason);
  assert.equal(await error, reason);
  await settle();
  assert.equal(backend.running(), 0);
});

const fates: readonly [script: Act[], budget: number, attempts: number, outcome: string, reason: string][] = [
  [
    [{ fail: unavailable() }, { reply: "b" }],
    9,
    2,
    "b",
    "a failure that is not fatal sends the next at once",
  ],
  [[{ fail: failed(Code.NOT_FOUND) }, { reply: "b" }], 9, 1, "NOT_FOUND", "a fatal one decides the call"],
  [["hang", { fail: failed(Code.NOT_FOUND) }], 9, 2, "NOT_FOUND", "also where others run"],
  [[{ fail: unavailable() }], 9, 3, "UNAVAILABLE", "all have failed"],
  [[{ fail: unavailable() }, { reply: "b" }], 0, 1, "UNAVAILABLE", "the budget is used up"],
  [[{ fail: unavailable("-1") }, { reply: "b" }], 9, 1, "UNAVAILABLE", "the backend forbids more"],
  [[{ fail: unavailable("300") }, { reply: "b" }], 9, 2, "b", "the backend says when"],
  [[{ fail: unavailable("300") }, { reply: "b" }], 0, 1, "UNAVAILABLE", "then there is no budget"],
  [[{ fail: refuseOpenCircuit(1) }, { reply: "b" }], 9, 1, "UNAVAILABLE", "the circuit is open"],
];
for (const [script, budget, attempts, outcome, reason] of fates) {
  test(`with a budget of ${budget}, ${attempts} attempts, ${outcome}: ${reason}`, async () => {
    const { backend, clock, invoke } = setUp(script, budget);
    const settled = invoke().then(
      (reply) => reply.kind === "unary" && textOf(reply.message),
      (error) => Object.keys(Code).find((name) => Code[name as keyof typeof Code] === error.code),
    );
    await clock.advance(1000);
    assert.equal(await settled, outcome);
    assert.deepEqual([backend.calls.length, backend.running(), clock.timerCount], [attempts, 0, 0]);
  });
}

test("pushback puts the next attempt off while others run", async () => {
  const { backend, clock, invoke } = setUp(["hang", { fail: unavailable("500") }, { reply: "c" }]);
  const reply = invoke();
  await clock.advance(599);
  assert.equal(backend.calls.length, 2);
  await clock.advance(1);
  assert.equal(textOf((await unaryReply(reply)).message), "c");
});

test("pushback beyond the deadline is not waited for", async () => {
  const { clock, invoke } = setUp([{ fail: unavailable("500") }]);
  const error = await errorOf(invoke({ deadline: { atMs: clock.now() + 500 } }));
  assert.equal(error.code, Code.UNAVAILABLE);
});

test("a call whose signal is aborted before it begins is not sent", async () => {
  const { backend, invoke } = setUp([{ reply: "a" }]);
  assert.equal((await errorOf(invoke({ signal: AbortSignal.abort() }))).code, Code.CANCELLED);
  assert.equal(backend.calls.length, 0);
});

test("a stream is decided by its header; the other attempts are returned, those that come late too", async () => {
  const { backend, clock, invoke } = setUp(
    ["deaf", { stream: ["b"], ending: "silence" }],
    10,
    "server_streaming",
  );
  const pending = invoke();
  await clock.advance(100);
  const reply = await pending;
  assert.equal(reply.kind, "stream");
  if (reply.kind !== "stream") return;
  assert.equal(backend.running(), 2);
  backend.release(reply);
  await settle();
  assert.equal(backend.running(), 1);
  const iterator = reply.messages[Symbol.asyncIterator]();
  assert.equal(textOf((await iterator.next()).value ?? unaryOf("").message), "b");
  await iterator.return?.();
  assert.equal(backend.running(), 0);
});

test("of two streams that are answered in one moment one is read and the other returned", async () => {
  const { backend, clock, invoke } = setUp(["deaf", "deaf"], 10, "server_streaming");
  const pending = invoke();
  await clock.advance(100);
  backend.release({ kind: "stream" } as Reply);
  const reply = await pending;
  await settle();
  assert.equal(backend.running(), 1);
  if (reply.kind === "stream") await reply.messages[Symbol.asyncIterator]().return?.();
  assert.equal(backend.running(), 0);
});

test("a hedged call is a call of the budget, and its further attempts are retries", async () => {
  const clock = createFakeClock();
  const budget = new RetryBudget(clock.now);
  const { handler } = scriptBackend("hang", { reply: "yes" });
  const hedge = createHedgeInterceptor({ policy, method: methodOf("unary"), explicit: true, budget, clock });
  const { signal } = new AbortController();
  const reply = hedge?.(handler)(callOf("unary", { signal }));
  await clock.advance(100);
  await reply;
  assert.deepEqual(budget.view(0.2), { calls: 1, retries: 1, balance: 9 });
  await settle();
  assert.equal(getEventListeners(signal, "abort").length, 0, "nobody listens any more");
});

test("a circuit that opens meanwhile stops further attempts, not those that run", async () => {
  const clock = createFakeClock();
  const late = Promise.withResolvers<Reply>();
  let attempts = 0;
  const hedge = createHedgeInterceptor({
    policy: { ...policy, nonFatalCodes: new Set() },
    method: methodOf("unary"),
    explicit: true,
    budget: new RetryBudget(clock.now),
    clock,
  });
  const handler = hedge?.(() => (attempts++ === 0 ? late.promise : Promise.reject(refuseOpenCircuit(1000))));
  const reply = handler?.(callOf("unary"));
  await clock.advance(5000);
  late.resolve(unaryOf("first"));
  assert.equal((await reply)?.kind, "unary");
  assert.equal(attempts, 2);
});
