import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LimitRule } from "../../src/store/limit-store.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { createBucketModel, createWindowModel } from "./reference-model.ts";

const startMs = 100_000;

/** Takes with the time before each; now and then the clock is set back. */
const steps = fc.array(
  fc.record({
    passMs: fc.oneof(
      { weight: 8, arbitrary: fc.nat(400) },
      { weight: 1, arbitrary: fc.integer({ min: -3_000, max: 0 }) },
      { weight: 1, arbitrary: fc.nat(20_000) },
    ),
    cost: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 80 },
);
const numbers = fc.record({
  requests: fc.integer({ min: 1, max: 50 }),
  perMs: fc.integer({ min: 1, max: 5_000 }),
  burst: fc.integer({ min: 1, max: 30 }),
});

test("the token bucket decides as a bucket that is filled drop by drop", () => {
  fc.assert(
    fc.property(numbers, steps, (limit, takes) => {
      const rule: LimitRule = { ...limit, algorithm: "token_bucket" };
      compare(rule, createBucketModel(rule, "frozen"), takes);
    }),
    { numRuns: 1_000 },
  );
});

test("the sliding window decides as one that remembers every take", () => {
  fc.assert(
    fc.property(numbers, steps, (limit, takes) => {
      const rule: LimitRule = { ...limit, algorithm: "sliding_window", burst: limit.requests };
      compare(rule, createWindowModel(rule, "frozen", startMs), takes);
    }),
    { numRuns: 1_000 },
  );
});

test("a denied cost is admitted after the time that was named, and not a thousandth of it sooner", () => {
  fc.assert(
    fc.property(
      numbers,
      steps,
      fc.constantFrom("token_bucket", "sliding_window"),
      (limit, takes, algorithm) => {
        const burst = algorithm === "token_bucket" ? limit.burst : limit.requests;
        const rule: LimitRule = { ...limit, algorithm, burst };
        let nowMs = 5_000_000;
        const store = createMemoryStore({ now: () => nowMs });
        for (const { passMs, cost } of takes) {
          nowMs += Math.max(0, passMs);
          const verdict = store.take("key", rule, cost);
          if (verdict.allowed) continue;
          assert.equal(verdict.retryAfterMs === Number.POSITIVE_INFINITY, cost > burst);
          if (cost > burst) continue;
          const deniedMs = nowMs;
          nowMs = deniedMs + verdict.retryAfterMs * 0.999;
          if (verdict.retryAfterMs > 0.01) assert.equal(store.take("key", rule, cost).allowed, false);
          nowMs = deniedMs + verdict.retryAfterMs + 1e-6;
          assert.equal(store.take("key", rule, cost).allowed, true);
        }
      },
    ),
  );
});

test("after the time of a reset a key is as if it had never been used", () => {
  fc.assert(
    fc.property(
      numbers,
      steps,
      fc.constantFrom("token_bucket", "sliding_window"),
      (limit, takes, algorithm) => {
        const burst = algorithm === "token_bucket" ? limit.burst : limit.requests;
        const rule: LimitRule = { ...limit, algorithm, burst };
        let nowMs = 0;
        const store = createMemoryStore({ now: () => nowMs });
        let resetMs = 0;
        for (const { passMs, cost } of takes) {
          nowMs += passMs;
          resetMs = store.take("key", rule, cost).resetMs;
        }
        nowMs += resetMs + 1e-6;
        assert.equal(store.take("key", rule, burst).allowed, true);
      },
    ),
  );
});

test("a bucket never admits more than its burst and its rate, wherever one begins to count", () => {
  fc.assert(
    fc.property(numbers, steps, (limit, takes) => {
      const rule: LimitRule = { ...limit, algorithm: "token_bucket" };
      let nowMs = 0;
      const store = createMemoryStore({ now: () => nowMs });
      const admitted: { atMs: number; cost: number }[] = [];
      for (const { passMs, cost } of takes) {
        nowMs += Math.max(0, passMs);
        if (store.take("key", rule, cost).allowed) admitted.push({ atMs: nowMs, cost });
      }
      for (const [from, first] of admitted.entries()) {
        let sum = 0;
        for (const { atMs, cost } of admitted.slice(from)) {
          sum += cost;
          const most = rule.burst + ((atMs - first.atMs) * rule.requests) / rule.perMs;
          assert.ok(sum <= most + 1e-6, `${sum} of ${most}`);
        }
      }
    }),
  );
});

function compare(
  rule: LimitRule,
  model: ReturnType<typeof createBucketModel>,
  takes: readonly { readonly passMs: number; readonly cost: number }[],
): void {
  let nowMs = startMs;
  const store = createMemoryStore({ now: () => nowMs });
  for (const { passMs, cost } of takes) {
    nowMs += passMs;
    const { allowed, remaining } = store.take("key", rule, cost);
    assert.deepEqual({ allowed, remaining }, model.take(nowMs, cost), `at ${nowMs} for ${cost}`);
  }
}
