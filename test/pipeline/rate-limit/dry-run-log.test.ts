import assert from "node:assert/strict";
import { test } from "node:test";
import { createDryRunLog } from "../../../src/pipeline/rate-limit/dry-run-log.ts";
import { createRateLimitInterceptor } from "../../../src/pipeline/rate-limit/rate-limit.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { createLog } from "../../protocol/rest/rest-fixture.ts";
import { keyOf, limitOf, okReply, unaryCall, wrap } from "./calls.ts";

test("what a limit that only watches would refuse is logged at once, then counted and logged by the minute", async () => {
  const { logger, lines } = createLog();
  const limits = [
    limitOf({ name: "tried", requests: 2, perMs: 3_600_000, dryRun: true }),
    limitOf({ name: "held" }),
  ];
  let nowMs = 5;
  const report = createDryRunLog(limits, logger, "/t.T/M", () => nowMs);
  const stores = { local: createMemoryStore({ now: () => nowMs }) };
  const interceptor = createRateLimitInterceptor({ limits, scopeKey: "s", stores, keyOf, report });
  const invoke = wrap(interceptor, async () => okReply);
  const call = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) await invoke(unaryCall());
  };
  const told = (): readonly unknown[] =>
    lines.map(({ level, fields }) => [level, fields.limit, fields.times]);

  await call(2);
  assert.deepEqual(told(), []);
  await call(4);
  assert.deepEqual(told(), [["warn", "tried", 1]]);
  nowMs += 59_999;
  await call(1);
  assert.deepEqual(told(), [["warn", "tried", 1]]);
  nowMs += 1;
  await call(1);
  assert.deepEqual(told(), [
    ["warn", "tried", 1],
    ["warn", "tried", 5],
  ]);
});

test("limits that refuse are not logged: their clients are told", async () => {
  const { logger, lines } = createLog();
  const held = limitOf({ name: "held", requests: 1 });
  assert.equal(createDryRunLog([held], logger, "/t.T/M"), undefined);
  createDryRunLog([held, limitOf({ name: "tried", dryRun: true })], logger, "/t.T/M")?.(held, false);
  assert.deepEqual(lines, []);
});
