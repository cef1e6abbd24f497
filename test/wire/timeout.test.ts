import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatGrpcTimeout,
  parseConnectTimeout,
  parseGrpcTimeout,
  parseServerTimeout,
} from "../../src/wire/timeout.ts";

const grpcRows: readonly [text: string, timeoutMs: number | undefined, reason: string][] = [
  ["1H", 3_600_000, "hours"],
  ["1M", 60_000, "minutes, upper case"],
  ["1S", 1000, "seconds"],
  ["1m", 1, "milliseconds, lower case"],
  ["1u", 0.001, "microseconds"],
  ["1n", 0.000001, "nanoseconds"],
  ["0m", 0, "zero is a deadline that has passed; clients send it"],
  ["00000100m", 100, "leading zeros count as digits"],
  ["99999999H", 359_999_996_400_000, "the largest"],
  ["100000000m", undefined, "nine digits"],
  ["", undefined, "empty"],
  ["m", undefined, "no digits"],
  ["10", undefined, "no unit"],
  ["10s", undefined, "there is no lower-case s"],
  ["10 m", undefined, "a space inside"],
  ["-1m", undefined, "a sign"],
  ["1.5S", undefined, "a fraction"],
  ["1e3m", undefined, "an exponent"],
  ["1m\n", undefined, "a line break at the end"],
  ["١m", undefined, "digits of another script"],
];
for (const [text, timeoutMs, reason] of grpcRows) {
  test(`grpc-timeout ${JSON.stringify(text)} is ${timeoutMs ?? "malformed"}: ${reason}`, () => {
    assert.equal(parseGrpcTimeout(text), timeoutMs);
  });
}

const formatRows: readonly [timeoutMs: number, text: string, reason: string][] = [
  [1, "1000000n", "the finest unit that fits"],
  [99.999999, "99999999n", "the most that fits in nanoseconds"],
  [100, "100000u", "one nanosecond more goes to microseconds"],
  [100_000, "100000m", "and so on"],
  [1.5, "1500000n", "fractions of a millisecond are kept"],
  [0.0000001, "1n", "never rounded to zero"],
  [0, "1n", "the grammar has no zero"],
  [-5, "1n", "a passed deadline"],
  [Number.NaN, "1n", "total"],
  [Number.POSITIVE_INFINITY, "99999999H", "the most the grammar can say"],
];
for (const [timeoutMs, text, reason] of formatRows) {
  test(`${timeoutMs} ms is written as ${text}: ${reason}`, () => {
    assert.equal(formatGrpcTimeout(timeoutMs), text);
  });
}

test("a written grpc-timeout is never longer than the time there is, and shorter by less than a thousandth of a percent", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 3.5e14, noNaN: true }), (timeoutMs) => {
      const text = formatGrpcTimeout(timeoutMs);
      assert.match(text, /^\d{1,8}[HMSmun]$/);
      const parsed = parseGrpcTimeout(text);
      assert.ok(parsed !== undefined && parsed <= timeoutMs * (1 + 1e-12));
      assert.ok(parsed >= timeoutMs * (1 - 1e-3));
    }),
  );
});

const connectRows: readonly [text: string, timeoutMs: number | undefined, reason: string][] = [
  ["5000", 5000, "milliseconds"],
  ["0", 0, "a deadline that has passed"],
  ["9999999999", 9_999_999_999, "ten digits"],
  ["10000000000", undefined, "eleven digits"],
  ["", undefined, "empty"],
  ["5s", undefined, "a unit"],
  ["-5", undefined, "a sign"],
  ["1.5", undefined, "a fraction"],
];
for (const [text, timeoutMs, reason] of connectRows) {
  test(`connect-timeout-ms ${JSON.stringify(text)} is ${timeoutMs ?? "malformed"}: ${reason}`, () => {
    assert.equal(parseConnectTimeout(text), timeoutMs);
  });
}

const serverRows: readonly [text: string, timeoutMs: number | undefined, reason: string][] = [
  ["30", 30_000, "whole seconds"],
  ["0.25", 250, "a fraction"],
  [".5", 500, "no digit before the point"],
  ["5.", 5000, "no digit after the point"],
  ["1e-3", 1, "as Python prints small numbers"],
  ["0", 0, "a deadline that has passed"],
  ["", undefined, "empty"],
  ["-1", undefined, "negative"],
  ["1s", undefined, "a unit"],
  ["0x10", undefined, "hexadecimal"],
  ["NaN", undefined, "not a number"],
  ["Infinity", undefined, "not finite"],
  ["1e999", undefined, "not finite either"],
  [" 1", undefined, "a space"],
];
for (const [text, timeoutMs, reason] of serverRows) {
  test(`x-server-timeout ${JSON.stringify(text)} is ${timeoutMs ?? "malformed"}: ${reason}`, () => {
    assert.equal(parseServerTimeout(text), timeoutMs);
  });
}

test("no text makes a parser throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const parse of [parseGrpcTimeout, parseConnectTimeout, parseServerTimeout]) {
        const timeoutMs = parse(text);
        assert.ok(timeoutMs === undefined || (timeoutMs >= 0 && Number.isFinite(timeoutMs)));
      }
    }),
  );
});
