import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import { readDeadline } from "../../src/wire/read-deadline.ts";

/** The deadline is a point in time, so it is compared with the same distance from before and after the reading. */
function assertAhead(header: Header, timeoutMs: number): void {
  const beforeMs = performance.now();
  const deadline = readDeadline(header);
  const afterMs = performance.now();
  assert.ok(deadline !== undefined);
  assert.ok(deadline.atMs >= beforeMs + timeoutMs && deadline.atMs <= afterMs + timeoutMs);
}

const good: readonly [pairs: readonly [string, string][], timeoutMs: number, why: string][] = [
  [[["Grpc-Timeout", "500m"]], 500, "gRPC's own, in milliseconds"],
  [[["grpc-timeout", "2S"]], 2_000, "in seconds"],
  [[["grpc-timeout", "99999999H"]], 99_999_999 * 3_600_000, "the largest that the grammar has"],
  [[["grpc-timeout", "0m"]], 0, "nothing left is a deadline too"],
  [[["connect-timeout-ms", "250"]], 250, "Connect's"],
  [[["x-server-timeout", "0.5"]], 500, "Envoy's and Google's, float seconds"],
  [
    [
      ["grpc-timeout", "1S"],
      ["connect-timeout-ms", "300"],
      ["x-server-timeout", "2"],
    ],
    300,
    "the smallest of several counts, whichever it is",
  ],
];
for (const [pairs, timeoutMs, why] of good) {
  test(`${JSON.stringify(pairs)} is ${timeoutMs} ms: ${why}`, () => {
    assertAhead(Header.of(pairs), timeoutMs);
  });
}

test("without a header there is no deadline", () => {
  assert.equal(readDeadline(Header.of([["timeout", "5"]])), undefined);
});

const bad: readonly [name: string, text: string, why: string][] = [
  ["grpc-timeout", "500", "the unit is missing"],
  ["grpc-timeout", "123456789m", "nine digits"],
  ["grpc-timeout", "-1S", "negative"],
  ["grpc-timeout", "1s", "s is no unit"],
  ["grpc-timeout", "", "empty"],
  ["connect-timeout-ms", "1.5", "whole milliseconds only"],
  ["connect-timeout-ms", "12345678901", "eleven digits"],
  ["x-server-timeout", "5s", "seconds have no unit"],
  ["x-server-timeout", "Infinity", "a client that bounds its call means a bound"],
  ["x-server-timeout", "NaN", "no number"],
];
for (const [name, text, why] of bad) {
  test(`${name}: ${JSON.stringify(text)} is refused: ${why}`, () => {
    assert.throws(() => readDeadline(Header.of([[name, text]])), {
      code: Code.INVALID_ARGUMENT,
      rawMessage: new RegExp(
        `^header ${name}: expected .*, got ${JSON.stringify(text).replace(/[.]/g, "\\.")}$`,
      ),
    });
  });
}

test("one malformed header refuses the request even beside a good one, and its text is shortened", () => {
  const header = Header.of([
    ["connect-timeout-ms", "100"],
    ["grpc-timeout", "x".repeat(10_000)],
  ]);
  assert.throws(
    () => readDeadline(header),
    (error: Error) => error.message.length < 200,
  );
});
