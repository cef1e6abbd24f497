import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import {
  createOutlierDetector,
  type OutlierDetector,
  type OutlierOptions,
  type OutlierRecord,
} from "../../src/upstream/outlier-ejection.ts";

function detect(count: number, options: OutlierOptions = {}) {
  let nowMs = 0;
  const detector = createOutlierDetector(options, () => nowMs);
  const records = Array.from({ length: count }, () => detector.add());
  return {
    detector,
    records,
    record: (index: number): OutlierRecord => records[index] as OutlierRecord,
    pass(ms: number) {
      nowMs += ms;
      return detector.sweep();
    },
  };
}
const isOut = ({ ejectedUntilMs }: OutlierRecord): boolean => ejectedUntilMs !== undefined;
function end(detector: OutlierDetector, record: OutlierRecord, code: number, times: number): void {
  for (let i = 0; i < times; i++) detector.ended(record, code);
}

test("five failures in a row take an endpoint out; one success among them does not", () => {
  const { detector, record } = detect(3);
  end(detector, record(0), Code.UNAVAILABLE, 4);
  detector.ended(record(0), Code.OK);
  end(detector, record(0), Code.UNAVAILABLE, 4);
  assert.ok(!isOut(record(0)));
  assert.equal(detector.ended(record(0), Code.UNAVAILABLE), true);
  assert.ok(isOut(record(0)));
});

for (const [code, why] of [
  [Code.NOT_FOUND, "is an answer"],
  [Code.INVALID_ARGUMENT, "is the client's fault"],
  [Code.RESOURCE_EXHAUSTED, "is a limit at work"],
  [Code.CANCELLED, "is the client's wish"],
  [Code.DEADLINE_EXCEEDED, "may be the client's haste"],
  [99, "says nothing"],
] as const) {
  test(`a row of code ${code}, which ${why}, takes nobody out`, () => {
    const { detector, record } = detect(3);
    end(detector, record(0), code, 100);
    assert.ok(!isOut(record(0)));
  });
}

test("cancelled calls do not end a row of failures", () => {
  const { detector, record } = detect(2);
  for (let i = 0; i < 5; i++) {
    detector.ended(record(0), Code.INTERNAL);
    detector.ended(record(0), Code.CANCELLED);
  }
  assert.ok(isOut(record(0)));
});

test("calls that fail everywhere take nobody out", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.constantFrom(Code.UNKNOWN, Code.DEADLINE_EXCEEDED),
      (count, code) => {
        const { detector, records, pass } = detect(count);
        for (let i = 0; i < 60 * count; i++) detector.ended(records[i % count] as OutlierRecord, code);
        pass(10_000);
        assert.ok(!records.some(isOut));
      },
    ),
  );
});

test("a share of failures far above the others' takes an endpoint out at the end of the interval", () => {
  const { detector, record, pass } = detect(3);
  for (const other of [record(1), record(2)]) end(detector, other, Code.OK, 30);
  for (let i = 0; i < 30; i++) detector.ended(record(0), i % 3 === 0 ? Code.OK : Code.DEADLINE_EXCEEDED);
  assert.ok(!isOut(record(0)));
  assert.equal(pass(10_000), true);
  assert.deepEqual([isOut(record(0)), isOut(record(1)), isOut(record(2))], [true, false, false]);
});

test("few calls say nothing of a share", () => {
  const { detector, record, pass } = detect(2);
  end(detector, record(1), Code.OK, 100);
  end(detector, record(0), Code.DEADLINE_EXCEEDED, 19);
  pass(10_000);
  assert.ok(!isOut(record(0)));
});

test("each ejection in a row is longer than the last, up to a bound, and time heals", () => {
  const { detector, record, pass } = detect(2, { ejectionMs: 30_000, maxEjectionMs: 70_000 });
  const lengths: number[] = [];
  let nowMs = 0;
  const step = (): void => {
    nowMs += 10_000;
    pass(10_000);
  };
  const ejectAndReturn = (): void => {
    end(detector, record(0), Code.UNAVAILABLE, 5);
    const beganMs = nowMs;
    while (isOut(record(0))) step();
    lengths.push(nowMs - beganMs);
  };
  for (let i = 0; i < 4; i++) ejectAndReturn();
  assert.deepEqual(lengths, [30_000, 60_000, 70_000, 70_000]);
  for (let i = 0; i < 10; i++) step();
  ejectAndReturn();
  assert.equal(lengths.at(-1), 30_000);
  assert.equal(record(0).ejectionCount, 5);
});

test("an endpoint alone is never taken out", () => {
  const { detector, record, pass } = detect(1);
  end(detector, record(0), Code.UNAVAILABLE, 1000);
  pass(10_000);
  assert.ok(!isOut(record(0)));
});

test("whatever happens, never all are out, and never more than may be; and the count of them stays right", () => {
  const event = fc.record({
    index: fc.nat(6),
    kind: fc.constantFrom("fail", "fail", "fail", "late", "ok", "row", "sweep", "remove", "add"),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (events, percent) => {
      const { detector, records, pass } = detect(4, { maxEjectedPercent: percent, minCalls: 3 });
      for (const { index, kind } of events) {
        const record = records[index % Math.max(1, records.length)];
        const before = records.filter(isOut).length;
        if (kind === "sweep") pass(10_000);
        else if (kind === "add") records.push(detector.add());
        else if (record === undefined) continue;
        else if (kind === "remove") {
          detector.remove(record);
          detector.remove(record);
          records.splice(records.indexOf(record), 1);
          // What has been removed may still end its calls.
          end(detector, record, Code.UNAVAILABLE, 10);
        } else if (kind === "row") end(detector, record, Code.UNAVAILABLE, 5);
        else if (kind === "late") detector.ended(record, Code.DEADLINE_EXCEEDED);
        else detector.ended(record, kind === "ok" ? Code.OK : Code.UNKNOWN);
        const out = records.filter(isOut).length;
        if (out <= before || kind === "remove") continue;
        assert.ok(out < records.length, "all are out");
        assert.ok(out <= Math.max(1, Math.floor((records.length * percent) / 100)));
      }
    }),
  );
});
