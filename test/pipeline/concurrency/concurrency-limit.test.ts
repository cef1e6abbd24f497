// Who gets a place, and that it comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBorrowedStates } from "../../../src/pipeline/borrowed-states.ts";
import { createConcurrencyInterceptor } from "../../../src/pipeline/concurrency/concurrency-limit.ts";
import type { ConcurrencyScope } from "../../../src/pipeline/concurrency/scope.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { callOf, errorOf } from "../../contract/transport.ts";
import { clock, exhausted, fakeTime, limited, settled, unary } from "./fixture.ts";

test("so many calls are in flight at once, and one more when one has its answer, good or bad", async () => {
  const { backend, invoke } = limited();
  const first = invoke(unary("a"));
  const second = invoke(unary("b"));
  const refused = await errorOf(invoke(unary("c")));
  exhausted(refused);
  assert.equal(refused.rawMessage, "all 2 places are taken");
  backend.answer("a");
  await first;
  const third = invoke(unary("d"));
  exhausted(await errorOf(invoke(unary("e"))));
  backend.fail("b", Code.INTERNAL);
  await errorOf(second);
  const fourth = invoke(unary("f"));
  backend.answer("d");
  backend.answer("f");
  await Promise.all([third, fourth]);
  assert.deepEqual(backend.seen, ["a", "b", "d", "f"]);
});

test("each key has its own places", async () => {
  const { backend, invoke, view } = limited({ max: 1 });
  void invoke(unary("a", { key: "x" }));
  void invoke(unary("b", { key: "__proto__" }));
  exhausted(await errorOf(invoke(unary("c", { key: "x" }))));
  assert.equal(view()?.keyCount, 2);
  backend.answerAll();
  await settled();
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
});

test("the last places are not for calls that can be shed, which may wait for others", async (context) => {
  fakeTime(context);
  const { backend, invoke } = limited({ max: 10, queue: 1 });
  for (let i = 0; i < 8; i++) void invoke(unary(`s${i}`, { criticality: "sheddable" }));
  void invoke(unary("late", { criticality: "sheddable" }));
  void invoke(unary("a"));
  void invoke(unary("b"));
  assert.deepEqual(backend.seen.slice(8), ["a", "b"]);
  backend.answer("s0");
  await settled();
  assert.equal(backend.seen.includes("late"), false);
  for (const name of ["s1", "s2"]) backend.answer(name);
  await settled();
  assert.equal(backend.seen.at(-1), "late");
  backend.answerAll();
});

test("a handler that throws instead of answering gives its place back", async () => {
  const registry = createBorrowedStates<ConcurrencyScope>();
  const policy = { max: 1, queue: 0, queueTimeoutMs: 1, key: { text: "", parts: [] }, adaptive: false };
  const broken: Handler = () => {
    throw new Error("broken");
  };
  const invoke = createConcurrencyInterceptor({ policy, scopeKey: "s", keyOf: () => "", registry })(broken);
  await assert.rejects(async () => invoke(unary("a")), /broken/);
  assert.equal(registry.get("s")?.view().inFlight, 0);
});

test("a swap of snapshots keeps who is in flight and who waits, and may change the limit", async (context) => {
  fakeTime(context);
  const { backend, invoke, handlerOf, view } = limited({ max: 1, queue: 3 });
  const old = [invoke(unary("a")), invoke(unary("b")), invoke(unary("c")), invoke(unary("d"))];
  const raised = handlerOf({ max: 3 });
  const e = raised(unary("e"));
  assert.deepEqual(view(), { keyCount: 1, inFlight: 3, waiting: 2, limit: 3 });
  await settled();
  assert.deepEqual(backend.seen, ["a", "b", "c"]);
  const lowered = handlerOf({ max: 1, queue: 0 });
  exhausted(await errorOf(lowered(unary("f"))));
  for (const name of ["a", "b"]) backend.answer(name);
  await settled();
  assert.deepEqual(backend.seen, ["a", "b", "c"]);
  for (const name of ["c", "d", "e"]) {
    backend.answer(name);
    await settled();
  }
  await Promise.all([...old, e]);
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
});

test("an adaptive limit falls where calls run into deadlines, and is kept while nobody calls", async () => {
  const { backend, invoke, view } = limited({ max: 100, adaptive: true });
  for (let round = 0; round < 30; round++) {
    const pending: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) pending.push(invoke(unary(`${round}.${i}`)).catch(() => {}));
    clock.nowMs += 200;
    backend.answerAll(round < 3 ? undefined : Code.DEADLINE_EXCEEDED);
    await Promise.all(pending);
  }
  const limit = view()?.limit;
  assert.ok(limit !== undefined && limit <= 3, String(limit));
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0, limit, baselineMs: 200 });
});

test("under an adaptive limit streams have the maximum, and do not count as slow calls", async () => {
  const { backend, invoke, view } = limited({ max: 30, adaptive: true });
  for (let i = 0; i < 30; i++) void invoke(callOf("server_streaming", { message: `s${i}` })).catch(() => {});
  exhausted(await errorOf(invoke(callOf("server_streaming", { message: "s30" }))));
  assert.equal(backend.seen.length, 30);
  clock.nowMs += 60_000;
  backend.answerAll(Code.UNAVAILABLE);
  await settled();
  assert.equal(view()?.inFlight, 0);
  void invoke(unary("a"));
  assert.equal(view()?.limit, 20);
  backend.answerAll();
});

test("of keys with an adaptive limit the ones that are idle longest are forgotten", async () => {
  const { backend, invoke, view } = limited({ max: 1, adaptive: true });
  for (let i = 0; i < 1000; i++) {
    // Two windows of two calls: enough to have learned something.
    for (let n = 0; n < 6; n++) {
      const answer = invoke(unary("x", { key: `key ${i}` }));
      clock.nowMs += 100 + i;
      backend.answer("x");
      await answer;
    }
  }
  assert.equal(view()?.keyCount, 0);
  // Of limits that are alike the view tells the one that has been idle longest: 256 are kept.
  assert.equal(view()?.baselineMs, 100 + 1000 - 256);
});
