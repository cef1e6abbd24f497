import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCircuitBreakers } from "../../../src/pipeline/circuit-breaker/registry.ts";
import {
  CircuitBreaker,
  type CircuitChange,
  type CircuitState,
  type Outcome,
} from "../../../src/pipeline/circuit-breaker/state.ts";
import type { CircuitBreakerPolicy } from "../../../src/pipeline/flow-policy.ts";

const policy: CircuitBreakerPolicy = { failureRatio: 0.5, minCalls: 4, windowMs: 10_000, openMs: 5000 };

function setUp(own: Partial<CircuitBreakerPolicy> = {}): {
  breaker: CircuitBreaker;
  changes: CircuitChange[];
  advance: (ms: number) => void;
  run: (...outcomes: Outcome[]) => CircuitState;
} {
  let nowMs = 1_234_567;
  const changes: CircuitChange[] = [];
  const breaker = new CircuitBreaker(
    { ...policy, ...own },
    () => nowMs,
    (change) => changes.push(change),
  );
  return {
    breaker,
    changes,
    advance(ms) {
      nowMs += ms;
    },
    run(...outcomes) {
      for (const outcome of outcomes) {
        const permit = breaker.admit();
        if (permit !== undefined) breaker.settle(permit, outcome);
      }
      return breaker.view().state;
    },
  };
}

const ok = "success";
const bad = "failure";
const none = "unknown";
const counts: readonly [
  own: Partial<CircuitBreakerPolicy>,
  outcomes: Outcome[],
  state: CircuitState,
  reason: string,
][] = [
  [{}, [ok, bad, ok, bad], "open", "half of four calls is the ratio"],
  [{}, [ok, ok, ok, bad, bad], "closed", "two of five are less"],
  [{}, [bad, bad, bad], "closed", "three calls are too few"],
  [{}, [bad, bad, bad, ok], "open", "the fourth makes them enough, though it is well itself"],
  [{}, [bad, bad, bad, none, none], "closed", "what says nothing is not counted"],
  [{ failureRatio: 1 }, [ok, bad, bad, bad, bad, bad], "closed", "all is all"],
  [{ failureRatio: 1 }, [bad, bad, bad, bad], "open", "a ratio of one can be reached"],
  [{ minCalls: 1 }, [bad], "open", "one call may be enough"],
  [{ minCalls: 0, failureRatio: 0 }, [ok], "closed", "without a failure nothing opens"],
];
for (const [own, outcomes, state, reason] of counts) {
  test(`${JSON.stringify(own)} after ${outcomes.join(", ")} is ${state}: ${reason}`, () => {
    assert.equal(setUp(own).run(...outcomes), state);
  });
}

test("failures leave the window with it, however long nothing happened", () => {
  const { advance, run, breaker } = setUp();
  run(bad, bad, bad);
  advance(10_000);
  assert.deepEqual([breaker.view().calls, breaker.view().failures], [0, 0]);
  assert.equal(run(ok), "closed");
  run(bad, bad);
  advance(1_000_000);
  assert.equal(run(bad), "closed");
  advance(9_000);
  assert.equal(run(bad, bad, bad), "open");
});

test("an open circuit lets nothing through until its time is over, and then one call", () => {
  const { breaker, advance, run } = setUp();
  run(bad, bad, bad, bad);
  assert.equal(breaker.admit(), undefined);
  advance(4999);
  assert.equal(breaker.admit(), undefined);
  assert.equal(breaker.retryAfterMs(), 1);
  advance(1);
  assert.equal(breaker.retryAfterMs(), 0);
  assert.notEqual(breaker.admit(), undefined);
  for (let i = 0; i < 100; i++) assert.equal(breaker.admit(), undefined, "no herd");
  assert.equal(breaker.view().state, "half_open");
});

const probes: readonly [outcome: Outcome, state: CircuitState, retryAfterMs: number, reason: string][] = [
  [ok, "closed", 0, "the backend is back"],
  [bad, "open", 5000, "it is not, and gets as much time again"],
  [none, "half_open", 0, "its client went away; the next call may try at once"],
];
for (const [outcome, state, retryAfterMs, reason] of probes) {
  test(`a call that tries and ends in ${outcome} leaves it ${state}: ${reason}`, () => {
    const { breaker, advance, run } = setUp();
    run(bad, bad, bad, bad);
    advance(5000);
    assert.equal(run(outcome), state);
    assert.equal(breaker.retryAfterMs(), retryAfterMs);
    assert.equal(breaker.admit() !== undefined, retryAfterMs === 0);
  });
}

test("a call that tries and never ends does not keep it half open for good", () => {
  const { breaker, advance, run } = setUp();
  run(bad, bad, bad, bad);
  advance(5000);
  const first = breaker.admit();
  advance(4999);
  assert.equal(breaker.admit(), undefined);
  advance(1);
  const second = breaker.admit();
  assert.notEqual(second, undefined);
  assert.equal(breaker.admit(), undefined);
  // A backend that is slow and well: the answer of the first one still counts.
  assert.ok(first !== undefined && second !== undefined);
  breaker.settle(first, ok);
  assert.equal(breaker.view().state, "closed");
  breaker.settle(second, bad);
  assert.deepEqual([breaker.view().state, breaker.view().calls], ["closed", 0]);
});

test("calls of before it opened say nothing afterwards", () => {
  const { breaker, advance, run } = setUp();
  const old = breaker.admit();
  assert.ok(old !== undefined);
  run(bad, bad, bad, bad);
  breaker.settle(old, ok);
  assert.equal(breaker.view().state, "open");
  advance(5000);
  breaker.admit();
  breaker.settle(old, bad);
  assert.equal(breaker.view().state, "half_open");
});

test("the header of a stream of before it opened says nothing, nor does its end", () => {
  const { breaker, advance, run } = setUp();
  const old = breaker.admit() ?? 0;
  run(bad, bad, bad, bad);
  advance(5000);
  breaker.admit();
  const permit = breaker.answered(old, 1);
  breaker.settle(permit, ok);
  assert.equal(breaker.view().state, "half_open");
});

test("the header of a stream closes a circuit that tries, and the end of the stream is counted", () => {
  const { breaker, advance, run } = setUp();
  run(bad, bad, bad, bad);
  advance(5000);
  const probe = breaker.admit();
  assert.ok(probe !== undefined);
  const permit = breaker.answered(probe, 10);
  assert.equal(breaker.view().state, "closed");
  breaker.settle(permit, bad);
  assert.deepEqual([breaker.view().calls, breaker.view().failures], [1, 1]);
});

test("each change is reported once, with the counts that led to it", () => {
  const { changes, advance, run } = setUp();
  run(ok, bad, bad, bad);
  advance(5000);
  run(bad);
  advance(5000);
  run(ok);
  assert.deepEqual(
    changes.map(({ from, to }) => `${from} to ${to}`),
    ["closed to open", "open to half_open", "half_open to open", "open to half_open", "half_open to closed"],
  );
  assert.deepEqual([changes[0]?.calls, changes[0]?.failures], [4, 3]);
});

test("a call needs twice the time of an answer before its timeout is the backend's fault", () => {
  const { breaker } = setUp();
  assert.deepEqual([breaker.isEnoughMs(99), breaker.isEnoughMs(100)], [false, true]);
  const permit = breaker.admit() ?? 0;
  for (let i = 0; i < 200; i++) breaker.learn(permit, 10);
  assert.deepEqual([breaker.isEnoughMs(19), breaker.isEnoughMs(21)], [false, true]);
});

test("a breaker outlives snapshots with its state, under the policy of the last", () => {
  let nowMs = 0;
  const breakers = createCircuitBreakers({ now: () => nowMs });
  const breaker = breakers.borrow("a /t.T/M", policy);
  for (let i = 0; i < 4; i++) breaker.settle(breaker.admit() ?? 0, bad);
  assert.equal(breakers.borrow("a /t.T/M", { ...policy, windowMs: 100_000, openMs: 100 }), breaker);
  assert.equal(breakers.admits("a /t.T/M"), false);
  const opened = { state: "open", forMs: 0, retryAfterMs: 100, calls: 0, failures: 0 };
  assert.deepEqual(breakers.view("a /t.T/M"), opened);
  assert.equal(breakers.view("unknown"), undefined);
  nowMs = 100;
  assert.equal(breakers.admits("a /t.T/M"), true);
  assert.equal(breakers.admits("unknown"), true);
  breakers.retain(new Set());
  assert.equal(breakers.view("a /t.T/M"), undefined);
});

test("counts stay where the window does, and go where it changes, in either direction", () => {
  const { breaker, run, advance } = setUp();
  run(bad, bad);
  breaker.adopt({ ...policy, minCalls: 3 });
  assert.equal(breaker.view().failures, 2);
  breaker.adopt({ ...policy, windowMs: 60_000 });
  assert.equal(breaker.view().failures, 0);
  run(bad);
  advance(59_000);
  assert.equal(breaker.view().failures <= 1, true);
  advance(2_000);
  assert.equal(breaker.view().failures, 0);
});

test("whatever happens, a circuit that is not closed lets through one call for each time it waits", () => {
  const action = fc.oneof(
    fc.constant("admit" as const),
    fc.tuple(fc.constantFrom<Outcome>(ok, bad, none), fc.nat({ max: 20 })),
    fc.integer({ min: 1, max: 4000 }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const { breaker, advance, changes } = setUp();
      const out: number[] = [];
      let probes: number[] = [];
      let nowMs = 0;
      for (const each of actions) {
        const { state } = breaker.view();
        if (each === "admit") {
          const permit = breaker.admit();
          if (permit !== undefined) out.push(permit);
          if (state !== "closed" && permit !== undefined) {
            assert.ok(
              probes.every((at) => nowMs - at >= policy.openMs),
              "another call tries already",
            );
            probes.push(nowMs);
          }
        } else if (typeof each === "number") {
          advance(each);
          nowMs += each;
        } else {
          const [permit] = out.splice(each[1] % Math.max(1, out.length), 1);
          const changed = changes.length;
          if (permit !== undefined) breaker.settle(permit, each[0]);
          // A call that said nothing gives its place back, and a change makes all that came before old.
          if (changes.length > changed || (state === "half_open" && each[0] === none)) probes = [];
        }
        const { calls, failures } = breaker.view();
        assert.ok(failures <= calls && calls >= 0);
      }
    }),
  );
});
