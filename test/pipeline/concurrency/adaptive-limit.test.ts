import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveLimit, outcomeOf } from "../../../src/pipeline/concurrency/adaptive-limit.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { type Second, SimulatedBackend } from "./simulated-backend.ts";

type Random = () => number;
const fixed = (ms: number) => () => ms;
const exponential = (ms: number) => (random: Random) => -Math.log(1 - random()) * ms;
/** Nine quick calls and a slow one. */
const mixed = (ms: number) => (random: Random) => (random() < 0.9 ? ms * 0.5 : ms * 5.5);

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const goodputOf = (seconds: readonly Second[]): number => mean(seconds.map(({ goodput }) => goodput));
const limitOf = (seconds: readonly Second[]): number => mean(seconds.map(({ limit }) => limit));

for (const [name, serviceMs] of [
  ["the same time", fixed(40)],
  ["random times", exponential(40)],
  ["mixed times", mixed(40)],
] as const) {
  for (const workers of [2, 8, 40, 150]) {
    test(`under five times the load ${workers} workers that take ${name} stay at work, and the limit near them`, () => {
      const backend = new SimulatedBackend(1000, workers);
      const perSecond = (workers * 1000 * 5) / 40;
      backend.run({ workers, serviceMs, perSecond, forMs: 30_000, deadlineMs: 500 });
      const late = backend.run({ workers, serviceMs, perSecond, forMs: 60_000, deadlineMs: 500 });
      assert.ok(goodputOf(late) >= 0.88, `goodput ${goodputOf(late)}`);
      assert.ok(limitOf(late) <= Math.max(10, 2.5 * workers), `limit ${limitOf(late)}`);
    });
  }
}

test("an hour of overload does not make the limit drift", () => {
  const backend = new SimulatedBackend(1000, 1);
  const load = { workers: 8, serviceMs: exponential(40), perSecond: 600 };
  backend.run({ ...load, forMs: 60_000 });
  const hour = backend.run({ ...load, forMs: 3_600_000 });
  const quarters = [0, 900, 1800, 2700].map((from) => limitOf(hour.slice(from, from + 900)));
  for (const limit of quarters) assert.ok(limit >= 7 && limit <= 16, quarters.join());
  assert.ok(Math.max(...hour.map(({ limit }) => limit)) <= 40);
});

test("a limit that nothing reaches stays as it is, however long", () => {
  const backend = new SimulatedBackend(1000, 2);
  const seconds = backend.run({
    workers: 8,
    serviceMs: exponential(40),
    perSecond: 20,
    forMs: 600_000,
  });
  assert.deepEqual([...new Set(seconds.map(({ limit }) => limit))], [20]);
});

test("after a quiet night the limit is still of use", () => {
  const backend = new SimulatedBackend(1000, 3);
  const load = { workers: 8, serviceMs: exponential(40), deadlineMs: 500 };
  backend.run({ ...load, perSecond: 1000, forMs: 60_000 });
  backend.run({ ...load, perSecond: 1, forMs: 3_600_000 });
  const day = backend.run({ ...load, perSecond: 1000, forMs: 10_000 });
  assert.ok(goodputOf(day) >= 0.88, `goodput ${goodputOf(day)}`);
});

test("a backend that gets more workers is given more calls", () => {
  const backend = new SimulatedBackend(1000, 4);
  const load = { serviceMs: exponential(40), perSecond: 2000, deadlineMs: 500 };
  backend.run({ ...load, workers: 4, forMs: 30_000 });
  backend.run({ ...load, workers: 60, forMs: 10_000 });
  assert.ok(goodputOf(backend.run({ ...load, workers: 60, forMs: 10_000 })) >= 0.88);
});

test("a backend that becomes slower for good keeps its calls", () => {
  const backend = new SimulatedBackend(1000, 5);
  backend.run({ workers: 20, serviceMs: exponential(20), perSecond: 2000, forMs: 30_000 });
  const load = { workers: 20, serviceMs: exponential(80), perSecond: 2000 };
  backend.run({ ...load, forMs: 20_000 });
  assert.ok(goodputOf(backend.run({ ...load, forMs: 60_000 })) >= 0.85);
});

test("where every call runs into its deadline the limit falls to one, and comes back with the backend", () => {
  const backend = new SimulatedBackend(1000, 6);
  const load = { workers: 20, serviceMs: fixed(40), perSecond: 500 };
  backend.run({ ...load, forMs: 20_000 });
  const stalled = backend.run({
    ...load,
    serviceMs: fixed(3000),
    deadlineMs: 500,
    forMs: 15_000,
  });
  assert.equal(stalled.at(-1)?.limit, 1);
  // It works on what nobody waits for, and then is well again.
  backend.run({ ...load, deadlineMs: 500, forMs: 60_000 });
  assert.ok(goodputOf(backend.run({ ...load, deadlineMs: 500, forMs: 10_000 })) >= 0.88);
});

test("one call in five that fails whatever the load does not close the gate for the others", () => {
  const backend = new SimulatedBackend(1000, 7);
  const load = { workers: 20, serviceMs: exponential(40), perSecond: 2500, failureRatio: 0.2 };
  backend.run({ ...load, forMs: 30_000 });
  assert.ok(goodputOf(backend.run({ ...load, forMs: 60_000 })) >= 0.8);
});

test("calls that take minutes still move a limit of one", () => {
  const limit = new AdaptiveLimit(100);
  let nowMs = 0;
  const run = (outcome: "answered" | "dropped", tookMs: number): void => {
    limit.begin(limit.limit);
    limit.end(nowMs, nowMs + tookMs, outcome);
    nowMs += tookMs;
  };
  for (let i = 0; i < 1000 && limit.limit > 1; i++) run("dropped", 1000);
  assert.equal(limit.limit, 1);
  for (let i = 0; i < 20; i++) run("answered", 60_000);
  assert.ok(limit.limit > 1);
});

test("failures that say nothing of the load, and clients that went early, change nothing", () => {
  const limit = new AdaptiveLimit(100);
  for (let i = 0; i < 1000; i++) {
    limit.begin(limit.limit);
    limit.end(i, i + 1, "other");
    limit.end(i, i + 1, "abandoned");
  }
  assert.equal(limit.limit, 20);
  assert.equal(limit.baselineMs, undefined);
});

test("clients that go because it takes too long are taken for slow calls", () => {
  const backend = new SimulatedBackend(100, 8);
  backend.run({ workers: 20, serviceMs: fixed(20), perSecond: 2000, forMs: 5000 });
  const { limit } = backend;
  const before = limit.limit;
  let nowMs = 10_000;
  for (let i = 0; i < 200; i++) {
    limit.begin(limit.limit);
    limit.end(nowMs, nowMs + 1000, "abandoned");
    nowMs += 30;
  }
  assert.ok(limit.limit < before / 2, `${limit.limit} of ${before}`);
});

test("a flood of calls with deadlines that nothing could keep does not take the others' places", () => {
  const backend = new SimulatedBackend(100, 9);
  backend.run({ workers: 20, serviceMs: fixed(20), perSecond: 2000, forMs: 5000 });
  const { limit } = backend;
  const before = limit.limit;
  for (let nowMs = 10_000; nowMs < 20_000; nowMs++) {
    limit.begin(limit.limit);
    limit.end(nowMs, nowMs + 1, "late");
  }
  assert.equal(limit.limit, before);
  for (let nowMs = 20_000; nowMs < 30_000; nowMs += 5) {
    limit.begin(limit.limit);
    limit.end(nowMs, nowMs + 500, "late");
  }
  assert.equal(limit.limit, 1);
});

test("a clock that stands still does no harm", () => {
  const limit = new AdaptiveLimit(100);
  for (let i = 0; i < 10_000; i++) {
    limit.begin(limit.limit);
    limit.end(200 * i, 200 * i, i % 3 === 0 ? "dropped" : "answered");
    assert.ok(limit.limit >= 1 && limit.limit <= 100);
  }
});

test("a maximum that is lowered holds at once, and one that is raised is grown into", () => {
  const limit = new AdaptiveLimit(100);
  limit.max = 5;
  assert.equal(limit.limit, 5);
  limit.max = 100;
  assert.equal(limit.limit, 5);
  assert.equal(new AdaptiveLimit(1).limit, 1);
});

const outcomes: readonly [code: Code, outcome: string, reason: string][] = [
  [Code.DEADLINE_EXCEEDED, "late", "how bad that is depends on the deadline"],
  [Code.UNAVAILABLE, "dropped", "nobody took it"],
  [Code.RESOURCE_EXHAUSTED, "dropped", "the backend sheds load itself"],
  [Code.NOT_FOUND, "answered", "it looked"],
  [Code.ABORTED, "answered", "it tried"],
  [Code.CANCELLED, "abandoned", "the client went"],
  [Code.INVALID_ARGUMENT, "other", "refused before any work"],
  [Code.UNAUTHENTICATED, "other", "refused before any work"],
  [Code.INTERNAL, "other", "a crash is quick or slow as it likes"],
];
for (const [code, outcome, reason] of outcomes) {
  test(`code ${code} is a call that is ${outcome}: ${reason}`, () => {
    assert.equal(outcomeOf(new RpcError(code, "")), outcome);
  });
}
test("what is no status says nothing", () => assert.equal(outcomeOf(new Error("?")), "other"));
