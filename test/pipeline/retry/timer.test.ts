import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { sleep, systemClock } from "../../../src/pipeline/retry/timer.ts";
import { createFakeClock } from "./fixture.ts";

test("a sleep ends after its time and leaves nothing", async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const slept = sleep(clock, 100, signal);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  await clock.advance(100);
  await slept;
  assert.deepEqual([getEventListeners(signal, "abort").length, clock.timerCount], [0, 0]);
});

test("the signal ends a sleep with its reason, also before it begins", async () => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const slept = sleep(clock, 100, controller.signal);
  controller.abort("over");
  await assert.rejects(slept, (reason) => reason === "over");
  await assert.rejects(sleep(clock, 100, controller.signal), (reason) => reason === "over");
  assert.equal(clock.timerCount, 0);
});

test("a time beyond what a timer of Node's can wait is not no time", () => {
  const cancel = systemClock.startTimer(1e15, () => assert.fail());
  cancel();
  cancel();
});

test("the system's clock is that of deadlines", async () => {
  const beforeMs = performance.now();
  await sleep(systemClock, 1, new AbortController().signal);
  assert.ok(systemClock.now() >= beforeMs);
});
