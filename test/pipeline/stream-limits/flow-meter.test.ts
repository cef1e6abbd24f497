import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DirectionLimits, unlimitedDirection } from "../../../src/pipeline/flow-policy.ts";
import { FlowMeter } from "../../../src/pipeline/stream-limits/flow-meter.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";

const meterOf = (limits: Partial<DirectionLimits>): FlowMeter =>
  new FlowMeter({ ...unlimitedDirection, ...limits }, "request");

function passes(meter: FlowMeter, bytes: number, nowMs: number): number {
  const atMs = meter.take(bytes, nowMs);
  if (typeof atMs !== "number") throw atMs;
  return atMs;
}

const schedules: readonly [
  reason: string,
  limits: Partial<DirectionLimits>,
  messages: readonly (readonly [atMs: number, bytes: number, passesAtMs: number])[],
][] = [
  [
    "a second's worth passes at once, then one each 1/rate",
    { messagesPerSecond: 2 },
    [
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 500],
      [500, 1, 1000],
      [1000, 1, 1500],
    ],
  ],
  [
    "a burst is there again after a second of silence, and no larger one after an hour",
    { messagesPerSecond: 1 },
    [
      [0, 1, 0],
      [1000, 1, 1000],
      [3_600_000, 1, 3_600_000],
      [3_600_000, 1, 3_601_000],
    ],
  ],
  [
    "the last of a burst does not wait for what the sum of 1000 / 7 is rounded to",
    { messagesPerSecond: 7 },
    Array.from({ length: 7 }, () => [0, 1, 0] as const),
  ],
  [
    "bytes count by message",
    { bytesPerSecond: 1000 },
    [
      [0, 600, 0],
      [0, 400, 0],
      [0, 0, 0],
      [0, 100, 100],
    ],
  ],
  [
    "a message that is larger than the bucket waits for it to be full, and the next for what it owes",
    { bytesPerSecond: 1000 },
    [
      [0, 500, 0],
      [0, 3000, 500],
      [500, 0, 2500],
      [2500, 1, 2501],
    ],
  ],
  [
    "of two rates the slower counts",
    { messagesPerSecond: 10, bytesPerSecond: 100 },
    [
      [0, 100, 0],
      [0, 10, 100],
      [100, 1, 110],
    ],
  ],
];
for (const [reason, limits, messages] of schedules) {
  test(`a meter that delays: ${reason}`, () => {
    const meter = meterOf(limits);
    for (const [index, [atMs, bytes, expectedMs]] of messages.entries()) {
      const passedMs = passes(meter, bytes, atMs);
      // What passes at once does so without a timer.
      if (expectedMs === atMs) assert.equal(passedMs, atMs, `message ${index + 1}`);
      assert.ok(Math.abs(passedMs - expectedMs) < 0.01, `message ${index + 1} passes at ${passedMs}`);
    }
  });
}

const refusals: readonly [
  reason: string,
  limits: Partial<DirectionLimits>,
  messages: readonly (readonly [atMs: number, bytes: number])[],
  text: string,
  pushback: string | undefined,
][] = [
  [
    "the message after the last one",
    { maxMessages: 2 },
    [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    "the stream has more request messages than its limit of 2",
    "-1",
  ],
  [
    "the message that goes beyond the total",
    { maxTotalBytes: 10 },
    [
      [0, 10],
      [0, 0],
      [0, 1],
    ],
    "the stream has 11 bytes of request messages, more than its limit of 10",
    "-1",
  ],
  [
    "a message that is too soon",
    { messagesPerSecond: 1, excess: "refuse" },
    [
      [0, 1],
      [1000, 1],
      [1999, 1],
    ],
    "request messages beyond the limit of 1 per second",
    undefined,
  ],
  [
    "bytes that are too soon",
    { bytesPerSecond: 8, excess: "refuse" },
    [
      [0, 8],
      [125, 2],
    ],
    "request messages beyond the limit of 8 bytes per second",
    undefined,
  ],
  [
    "a message of more bytes than any second has",
    { bytesPerSecond: 8, excess: "refuse" },
    [[0, 9]],
    "request messages beyond the limit of 8 bytes per second",
    undefined,
  ],
  [
    "what is beyond the count, where it could have waited for the rate",
    { messagesPerSecond: 1, maxMessages: 1 },
    [
      [0, 1],
      [0, 1],
    ],
    "the stream has more request messages than its limit of 1",
    "-1",
  ],
];
for (const [reason, limits, messages, text, pushback] of refusals) {
  test(`a meter refuses ${reason}`, () => {
    const meter = meterOf(limits);
    const last = messages.length - 1;
    for (const [index, [atMs, bytes]] of messages.entries()) {
      const verdict = meter.take(bytes, atMs);
      if (index < last) assert.equal(verdict, atMs);
      else {
        assert.ok(verdict instanceof RpcError, String(verdict));
        assert.deepEqual([verdict.code, verdict.rawMessage], [Code.RESOURCE_EXHAUSTED, text]);
        assert.equal(verdict.trailer.get("grpc-retry-pushback-ms"), pushback);
        assert.deepEqual(
          verdict.details.map(({ typeUrl }) => typeUrl),
          ["type.googleapis.com/google.rpc.QuotaFailure"],
        );
      }
    }
  });
}

const arrivals = fc.array(fc.tuple(fc.nat(700), fc.nat(400)), {
  minLength: 1,
  maxLength: 120,
  // Else most have less than a burst.
  size: "max",
});
const rate = fc.integer({ min: 1, max: 60 });

/** When each message passes whose sender waits for the one before it. */
function passTimes(meter: FlowMeter, messages: readonly (readonly [number, number])[]): [number, number][] {
  let nowMs = 5_000;
  return messages.map(([gapMs, bytes]) => {
    nowMs = passes(meter, bytes, nowMs + gapMs);
    return [nowMs, bytes];
  });
}

test("whatever arrives, no second has more than rate and burst, of messages and of bytes", () => {
  fc.assert(
    fc.property(
      arrivals,
      rate,
      fc.integer({ min: 400, max: 2000 }),
      (messages, perSecond, bytesPerSecond) => {
        const passed = passTimes(meterOf({ messagesPerSecond: perSecond, bytesPerSecond }), messages);
        for (const [fromMs] of passed) {
          const within = passed.filter(([atMs]) => atMs >= fromMs && atMs < fromMs + 1000 - 0.01);
          assert.ok(within.length <= 2 * perSecond, `${within.length} messages`);
          const bytes = within.reduce((sum, [, size]) => sum + size, 0);
          assert.ok(bytes <= 2 * bytesPerSecond, `${bytes} bytes`);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("whatever arrives, and however late timers are, no second has more than rate and burst", () => {
  const late = fc.array(fc.tuple(fc.nat(700), fc.oneof(fc.nat(3), fc.nat(5000))), {
    maxLength: 60,
    size: "max",
  });
  fc.assert(
    fc.property(late, rate, (messages, perSecond) => {
      const meter = meterOf({ messagesPerSecond: perSecond });
      const passed: number[] = [];
      let nowMs = 0;
      for (const [gapMs, lateMs] of messages) {
        nowMs += gapMs;
        const atMs = passes(meter, 1, nowMs);
        if (atMs > nowMs) {
          nowMs = atMs + lateMs;
          meter.pass(1, nowMs);
        }
        passed.push(nowMs);
      }
      for (const fromMs of passed) {
        const within = passed.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000 - 0.01);
        assert.ok(within.length <= 2 * perSecond, `${within.length} messages`);
      }
    }),
    { numRuns: 500 },
  );
});

test("a meter does as buckets do that are filled drop by drop", () => {
  fc.assert(
    fc.property(arrivals, rate, fc.integer({ min: 1, max: 2000 }), (messages, perSecond, bytesPerSecond) => {
      const meter = meterOf({ messagesPerSecond: perSecond, bytesPerSecond });
      const buckets = [perSecond, bytesPerSecond].map((size) => ({ size, left: size }));
      let nowMs = 0;
      let modelMs = 0;
      for (const [gapMs, bytes] of messages) {
        nowMs = passes(meter, bytes, nowMs + gapMs);
        const costs = [1, bytes];
        const waits = buckets.map((bucket, index) => {
          bucket.left = Math.min(bucket.size, bucket.left + (gapMs * bucket.size) / 1000);
          const needed = Math.min(costs[index] as number, bucket.size);
          return Math.max(0, ((needed - bucket.left) * 1000) / bucket.size);
        });
        const waitMs = Math.max(...waits);
        modelMs += gapMs + waitMs;
        for (const [index, bucket] of buckets.entries()) {
          bucket.left = Math.min(bucket.size, bucket.left + (waitMs * bucket.size) / 1000);
          bucket.left -= costs[index] as number;
        }
        assert.ok(Math.abs(nowMs - modelMs) < 0.1, `${nowMs} and ${modelMs}`);
      }
    }),
    { numRuns: 500 },
  );
});

test("who stays below the rate never waits and is never refused", () => {
  fc.assert(
    fc.property(rate, fc.constantFrom("delay", "refuse"), fc.nat(1e9), (perSecond, excess, startMs) => {
      const meter = meterOf({ messagesPerSecond: perSecond, bytesPerSecond: 10 * perSecond, excess });
      for (let index = 0; index < 100; index++) {
        const nowMs = startMs + (index * 1000) / perSecond;
        assert.equal(meter.take(10, nowMs), nowMs);
      }
    }),
  );
});
