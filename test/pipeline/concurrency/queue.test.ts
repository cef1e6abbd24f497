// Who may wait for a place, in which order, until when, and that nothing is left of those who give up.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { callOf, errorOf } from "../../contract/transport.ts";
import { clock, exhausted, fakeTime, limited, settled, unary } from "./fixture.ts";
import { heldStream } from "./held-backend.ts";

test("those who wait come in their order, the more critical first", async (context) => {
  fakeTime(context);
  const { backend, invoke, view } = limited({ max: 1, queue: 10 });
  const calls = [invoke(unary("a"))];
  for (const [name, criticality] of [
    ["b", "sheddable"],
    ["c", undefined],
    ["d", "critical-plus"],
    ["e", "sheddable"],
    ["f", "critical"],
    ["g", "critical-plus"],
  ] as const) {
    calls.push(invoke(unary(name, criticality === undefined ? {} : { criticality })));
  }
  assert.deepEqual(view(), { keyCount: 1, inFlight: 1, waiting: 6, limit: 1 });
  for (const name of ["a", "d", "g", "c", "f", "b", "e"]) {
    assert.equal(backend.seen.at(-1), name);
    backend.answer(name);
    await settled();
  }
  await Promise.all(calls);
});

test("a full queue refuses, unless somebody less critical waits: he goes, the last to come first", async (context) => {
  fakeTime(context);
  const { backend, invoke, events } = limited({ max: 1, queue: 2 });
  void invoke(unary("a"));
  const b = invoke(unary("b", { criticality: "sheddable" }));
  const c = invoke(unary("c", { criticality: "sheddable" }));
  exhausted(await errorOf(invoke(unary("d", { criticality: "sheddable" }))));
  const e = invoke(unary("e"));
  exhausted(await errorOf(c));
  const f = invoke(unary("f", { criticality: "critical-plus" }));
  exhausted(await errorOf(b));
  exhausted(await errorOf(invoke(unary("g"))));
  for (const name of ["a", "f", "e"]) {
    backend.answer(name);
    await settled();
  }
  await Promise.all([e, f]);
  assert.deepEqual(backend.seen, ["a", "f", "e"]);
  assert.deepEqual(
    events.map(({ outcome, criticality }) => `${outcome} ${criticality}`),
    [
      "queue_full sheddable",
      "displaced sheddable",
      "displaced sheddable",
      "queue_full critical",
      "waited critical-plus",
      "waited critical",
    ],
  );
});

test("a health check waits where nobody else may", async (context) => {
  fakeTime(context);
  const { backend, invoke } = limited({ max: 1 });
  void invoke(unary("a"));
  exhausted(await errorOf(invoke(unary("b", { criticality: "critical-plus" }))));
  const check = unary("check");
  const answer = invoke({ ...check, method: { ...check.method, service: "grpc.health.v1.Health" } });
  backend.answer("a");
  await settled();
  backend.answer("check");
  await answer;
});

test("who has waited as long as one may is refused", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke, events, view } = limited({ max: 1, queue: 1, queueTimeoutMs: 300 });
  void invoke(unary("a"));
  const waiting = errorOf(invoke(unary("b")));
  pass(299);
  await settled();
  assert.equal(view()?.waiting, 1);
  pass(1);
  const error = await waiting;
  exhausted(error);
  assert.equal(error.rawMessage, "all 1 places are taken: no place within 300 ms");
  assert.deepEqual(events, [
    { scope: "/test.Transport/Unary", outcome: "queue_timeout", criticality: "critical", waitedMs: 300 },
  ]);
  backend.answer("a");
});

test("a deadline that is sooner ends the wait", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke } = limited({ max: 1, queue: 1 });
  void invoke(unary("a"));
  const waiting = errorOf(invoke(unary("b", { deadline: { atMs: 50 } })));
  pass(50);
  assert.equal((await waiting).code, Code.DEADLINE_EXCEEDED);
  assert.equal((await errorOf(invoke(unary("c", { deadline: { atMs: 50 } })))).code, Code.DEADLINE_EXCEEDED);
  backend.answer("a");
  await settled();
  assert.deepEqual(backend.seen, ["a"]);
});

test("once it is known how long a call takes, who cannot make it is refused at once", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke, events } = limited({ max: 1, queue: 10, queueTimeoutMs: 400 });
  const run = async (name: string): Promise<void> => {
    const answer = invoke(unary(name));
    pass(100);
    backend.answer(name);
    await answer;
  };
  await run("a");
  void invoke(unary("b"));
  // Half of a call before it, and its own 100 ms.
  exhausted(await errorOf(invoke(unary("c", { deadline: { atMs: clock.nowMs + 140 } }))));
  void invoke(unary("d", { deadline: { atMs: clock.nowMs + 160 } })).catch(() => {});
  for (let i = 0; i < 3; i++) void invoke(unary(`e${i}`)).catch(() => {});
  const refused = await errorOf(invoke(unary("f")));
  exhausted(refused);
  assert.equal(refused.rawMessage, "all 1 places are taken, and the queue is too long to wait for");
  assert.equal(refused.trailer.get("grpc-retry-pushback-ms"), "500");
  assert.deepEqual(
    events.map(({ outcome, waitedMs }) => [outcome, waitedMs]),
    [
      ["deadline", 0],
      ["queue_timeout", 0],
    ],
  );
  backend.answerAll();
});

test("who has his turn when too little of his deadline is left is refused, and the next has it", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke } = limited({ max: 1, queue: 10, queueTimeoutMs: 60_000 });
  const first = invoke(unary("a"));
  pass(100);
  backend.answer("a");
  await first;
  void invoke(unary("b"));
  const c = errorOf(invoke(unary("c", { deadline: { atMs: clock.nowMs + 200 } })));
  const d = invoke(unary("d"));
  pass(150);
  backend.answer("b");
  exhausted(await c);
  await settled();
  backend.answer("d");
  await d;
  assert.deepEqual(backend.seen, ["a", "b", "d"]);
});

test("a client that goes leaves the queue, with its own reason", async (context) => {
  fakeTime(context);
  const { backend, invoke, view } = limited({ max: 1, queue: 1 });
  void invoke(unary("a"));
  const client = new AbortController();
  const waiting = invoke(unary("b", { signal: client.signal })).catch((reason: unknown) => reason);
  const gone = new Error("gone");
  client.abort(gone);
  assert.equal(await waiting, gone);
  assert.equal(view()?.waiting, 0);
  assert.equal(await invoke(unary("c", { signal: client.signal })).catch((reason: unknown) => reason), gone);
  backend.answer("a");
});

test("a client that goes between its turn and its call is not called for", async (context) => {
  fakeTime(context);
  const client = new AbortController();
  // As its turn comes: it is told of it a moment later.
  const { backend, invoke, view } = limited({ max: 1, queue: 1 }, () => client.abort("gone"));
  const first = invoke(unary("a"));
  const waiting = invoke(unary("b", { signal: client.signal })).catch((reason: unknown) => reason);
  backend.answer("a");
  await first;
  assert.equal(await waiting, "gone");
  assert.deepEqual(backend.seen, ["a"]);
  assert.equal(view()?.inFlight, 0);
});

for (const reason of ["no place", "the queue's time is up"]) {
  test(`the request stream of a refused call is returned: ${reason}`, async (context) => {
    const pass = fakeTime(context);
    const { backend, invoke } = limited({ max: 1, queue: reason === "no place" ? 0 : 1 });
    void invoke(unary("a"));
    const requests = heldStream();
    const refused = errorOf(invoke(callOf("bidi_streaming", { messages: requests.messages })));
    await settled();
    pass(1000);
    exhausted(await refused);
    await requests.returned;
    backend.answer("a");
  });
}

test("what waits is not the only thing that fails: a request stream that will not be returned does no harm", async () => {
  const { backend, invoke } = limited({ max: 1 });
  void invoke(unary("a"));
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    return: () => Promise.reject(new Error("never")),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  exhausted(await errorOf(invoke(callOf("client_streaming", { messages }))));
  backend.answer("a");
});

test("ten thousand waits that are given up leave nothing: no listener, no timer, no place, no key", async () => {
  const { backend, invoke, view, registry } = limited({ max: 1, queue: 20_000 });
  void invoke(unary("held", { key: "k" }));
  const client = new AbortController();
  const { signal } = client;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const timersBefore = timers();
  const waits = Array.from({ length: 10_000 }, (_, i) =>
    errorReason(invoke(unary(`${i}`, { key: "k", signal }))),
  );
  assert.equal(listeners.size, 10_000);
  assert.equal(view()?.waiting, 10_000);
  client.abort("gone");
  assert.deepEqual([...new Set(await Promise.all(waits))], ["gone"]);
  assert.equal(listeners.size, 0);
  assert.ok(timers() <= timersBefore);
  assert.deepEqual(view(), { keyCount: 1, inFlight: 1, waiting: 0, limit: 1 });
  backend.answer("held");
  await settled();
  for (let i = 0; i < 10_000; i++) {
    const answer = invoke(unary("x", { key: `key ${i}` }));
    backend.answer("x");
    await answer;
  }
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
  assert.equal([...registry.entries()].length, 1);
});

async function errorReason(promise: Promise<Reply>): Promise<unknown> {
  return promise.then(
    () => assert.fail("expected a failure"),
    (reason: unknown) => reason,
  );
}
