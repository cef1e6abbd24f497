import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs } from "../../../src/pipeline/retry/backoff.ts";

const policy = { initialBackoffMs: 50, maxBackoffMs: 1000, backoffMultiplier: 2 };

const rows: readonly [retry: number, random: number, ms: number, reason: string][] = [
  [1, 1, 50, "the first waits up to the initial backoff"],
  [2, 1, 100, "the second up to its multiple"],
  [3, 0.5, 100, "anywhere in between"],
  [5, 1, 800, "it grows"],
  [6, 1, 1000, "to the maximum"],
  [2000, 1, 1000, "also where the power is more than a number holds"],
  [3, 0, 0, "full jitter begins at nothing"],
];
for (const [retry, random, ms, reason] of rows) {
  test(`before retry ${retry} at ${random} the wait is ${ms} ms: ${reason}`, () => {
    assert.equal(
      backoffMs(policy, retry, () => random),
      ms,
    );
  });
}

test("an initial backoff above the maximum is the maximum", () => {
  assert.equal(
    backoffMs({ ...policy, initialBackoffMs: 5000 }, 1, () => 1),
    1000,
  );
});

test("a wait is never negative, above the maximum, or no number", () => {
  fc.assert(
    fc.property(
      fc.record({
        initialBackoffMs: fc.integer({ min: 1, max: 1e9 }),
        maxBackoffMs: fc.integer({ min: 1, max: 1e9 }),
        backoffMultiplier: fc.double({ min: 1, max: 1e300, noNaN: true }),
      }),
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (any, retry, random) => {
        const ms = backoffMs(any, retry, () => random);
        assert.ok(ms >= 0 && ms <= any.maxBackoffMs, `${ms}`);
      },
    ),
  );
});
