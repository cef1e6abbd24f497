import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRetryBudgets, RetryBudget } from "../../../src/pipeline/retry/budget.ts";

function clockAt(startMs: number): { now: () => number; advance: (ms: number) => void } {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}

function withdrawAll(budget: RetryBudget, ratio: number): number {
  let count = 0;
  while (budget.withdraw(ratio)) count++;
  return count;
}

test("a method that is not called has ten retries in ten seconds", () => {
  const { now, advance } = clockAt(123_456);
  const budget = new RetryBudget(now);
  assert.equal(withdrawAll(budget, 0.2), 10);
  advance(8_000);
  assert.equal(withdrawAll(budget, 0.2), 0);
  advance(2_000);
  assert.equal(withdrawAll(budget, 0.2), 10);
});

test("calls of the last ten seconds allow their share more, and then no longer", () => {
  const { now, advance } = clockAt(0);
  const budget = new RetryBudget(now);
  for (let i = 0; i < 100; i++) budget.deposit();
  assert.deepEqual(budget.view(0.2), { calls: 100, retries: 0, balance: 30 });
  assert.equal(withdrawAll(budget, 0.2), 30);
  assert.deepEqual(budget.view(0.2), { calls: 100, retries: 30, balance: 0 });
  advance(10_000);
  assert.deepEqual(budget.view(0.2), { calls: 0, retries: 0, balance: 10 });
});

test("a share of more than there is left in a lower one is not negative", () => {
  const budget = new RetryBudget(() => 0);
  for (let i = 0; i < 100; i++) budget.deposit();
  withdrawAll(budget, 1);
  assert.equal(budget.view(0.1).balance, 0);
});

test("retries are never more than the share of all calls, and ten for every ten seconds that have begun, and ten", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant("call" as const) },
    { weight: 5, arbitrary: fc.constant("retry" as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 400 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.nat({ max: 1e9 }),
      (steps, ratio, startMs) => {
        const { now, advance } = clockAt(startMs);
        const budget = new RetryBudget(now);
        let calls = 0;
        let retries = 0;
        for (const each of steps) {
          if (each === "call") {
            calls++;
            budget.deposit();
          } else if (each === "retry") {
            if (budget.withdraw(ratio)) retries++;
          } else {
            advance(each);
          }
          const windows = Math.ceil((now() - startMs) / 10_000) + 2;
          assert.ok(retries <= ratio * calls + 10 * windows, `${retries} of ${calls}`);
        }
      },
    ),
  );
});

test("a method's budget outlives the snapshot that borrowed it, until no snapshot has the method", () => {
  const budgets = createRetryBudgets(() => 0);
  const first = budgets.borrow("/t.T/A");
  assert.equal(budgets.borrow("/t.T/A"), first);
  assert.notEqual(budgets.borrow("/t.T/B"), first);
  budgets.retain(new Set(["/t.T/B"]));
  assert.notEqual(budgets.borrow("/t.T/A"), first);
});
