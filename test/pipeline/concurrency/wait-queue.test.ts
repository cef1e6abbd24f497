import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Criticality } from "../../../src/pipeline/concurrency/criticality.ts";
import { type Waiting, WaitQueue } from "../../../src/pipeline/concurrency/wait-queue.ts";

const criticality = fc.constantFrom<Criticality>(0, 1, 2, 3, 4);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), criticality }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("displace" as const), criticality }) },
);

test("whoever comes, leaves and is displaced, the order is that of a sorted list", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitQueue<number>();
      const model: Waiting<number>[] = [];
      const left: Waiting<number>[] = [];
      const remove = (waiting: Waiting<number> | undefined): void => {
        if (waiting === undefined) return;
        queue.remove(waiting);
        const at = model.indexOf(waiting);
        if (at >= 0) left.push(...model.splice(at, 1));
      };
      for (const [i, action] of steps.entries()) {
        const inOrder = model.toSorted((a, b) => b.criticality - a.criticality || a.value - b.value);
        if (action.do === "add") model.push(queue.add(i, action.criticality));
        else if (action.do === "take") {
          assert.equal(queue.first(), inOrder[0]);
          remove(queue.first());
        } else if (action.do === "leave") {
          // Also one that has left before.
          remove([...model, ...left][action.at % (model.length + left.length || 1)]);
        } else {
          const least = model.toSorted((a, b) => a.criticality - b.criticality || b.value - a.value)[0];
          const expected = least !== undefined && least.criticality < action.criticality ? least : undefined;
          assert.equal(queue.displacedBy(action.criticality), expected);
          remove(expected);
        }
        assert.equal(queue.size, model.length);
        for (const level of [0, 1, 2, 3, 4] as const) {
          assert.equal(queue.ahead(level), model.filter((waiting) => waiting.criticality >= level).length);
        }
      }
    }),
  );
});
