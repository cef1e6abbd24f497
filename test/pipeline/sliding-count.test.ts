import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SlidingCount } from "../../src/pipeline/sliding-count.ts";

test("what it counts is what happened in the tenths of the window that have not passed", () => {
  const step = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 1e9 }));
  fc.assert(
    fc.property(
      fc.array(step),
      fc.nat({ max: 1e9 }),
      fc.integer({ min: 1, max: 20_000 }),
      (steps, startMs, windowMs) => {
        let nowMs = startMs;
        const count = new SlidingCount(windowMs, () => nowMs);
        const slotOf = (atMs: number): number => Math.floor((atMs * 10) / windowMs);
        const happened: number[] = [];
        for (const ms of steps) {
          if (ms === 0) {
            happened.push(nowMs);
            count.add();
          } else {
            nowMs += ms;
          }
          const expected = happened.filter((atMs) => slotOf(atMs) > slotOf(nowMs) - 10).length;
          assert.equal(count.total(), expected);
        }
        count.clear();
        assert.equal(count.total(), 0);
      },
    ),
  );
});

test("what has left the window leaves it once", () => {
  let nowMs = 0;
  const count = new SlidingCount(10_000, () => nowMs);
  count.add();
  const totals: number[] = [];
  for (let i = 0; i < 5; i++) {
    nowMs += 5000;
    totals.push(count.total());
  }
  assert.deepEqual(totals, [1, 0, 0, 0, 0]);
});
