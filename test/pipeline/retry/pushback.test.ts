import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pushback, readPushback } from "../../../src/pipeline/retry/pushback.ts";
import { Header } from "../../../src/rpc/header.ts";

const rows: readonly [values: readonly string[], pushback: Pushback, reason: string][] = [
  [[], "unsaid", "the backend says nothing"],
  [["250"], 250, "a time to wait"],
  [["0"], 0, "at once"],
  [["60000"], 60_000, "a minute is waited for"],
  [["60001"], "never", "longer than that is for the client to wait"],
  [["-1"], "never", "a negative number is no"],
  [["-0"], "never", "any sign is"],
  [[""], "never", "nothing is garbage"],
  [["soon"], "never", "a word is garbage"],
  [["1.5"], "never", "a fraction is garbage"],
  [["1e3"], "never", "an exponent is garbage"],
  [["0x10"], "never", "hexadecimal is garbage"],
  [[" 5"], "never", "space is garbage"],
  [["9".repeat(400)], "never", "a number beyond numbers"],
  [["10", "10"], "never", "two values are none"],
];
for (const [values, pushback, reason] of rows) {
  test(`${JSON.stringify(values)} is ${pushback}: ${reason}`, () => {
    const trailer = new Header(values.flatMap((value) => ["grpc-retry-pushback-ms", value]));
    assert.equal(readPushback(trailer), pushback);
  });
}
