import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JsonWriter } from "../../src/codec/json-writer.ts";
import {
  printDouble,
  printInt32,
  printInt64,
  printUint32,
  printUint64,
} from "../../src/codec/print-number.ts";
import { Code } from "../../src/rpc/code.ts";

function printed(write: (writer: JsonWriter) => void): string {
  const writer = new JsonWriter();
  write(writer);
  return writer.finish();
}

test("integers of 32 and 64 bits are printed with all their digits", () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const edges = [
    0n,
    1n,
    -1n,
    999_999_999n,
    10n ** 9n,
    10n ** 18n,
    10n ** 18n - 1n,
    2n ** 32n,
    2n ** 32n - 1n,
    -(2n ** 63n),
  ];
  fc.assert(
    fc.property(fc.oneof(int64, fc.constantFrom(...edges)), (value) => {
      const lo = Number(BigInt.asIntN(32, value));
      const hi = Number(BigInt.asIntN(32, value >> 32n));
      assert.equal(
        printed((w) => printInt64(w, lo, hi)),
        String(value),
      );
      assert.equal(
        printed((w) => printUint64(w, lo, hi)),
        String(BigInt.asUintN(64, value)),
      );
      assert.equal(
        printed((w) => printInt32(w, lo)),
        String(lo),
      );
      assert.equal(
        printed((w) => printUint32(w, lo >>> 0)),
        String(lo >>> 0),
      );
    }),
  );
  for (let digits = 1; digits <= 10; digits++) {
    for (const value of [10 ** (digits - 1), Math.min(10 ** digits - 1, 2 ** 32 - 1)]) {
      assert.equal(
        printed((w) => printUint32(w, value)),
        String(value),
      );
    }
  }
});

test("doubles are read back as they were", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(JSON.parse(printed((w) => printDouble(w, value))), value));
    }),
  );
  assert.equal(
    printed((w) => printDouble(w, -0)),
    "-0",
  );
  assert.equal(
    printed((w) => printDouble(w, 1e21)),
    "1e+21",
  );
  assert.equal(
    printed((w) => printDouble(w, Number.NaN)),
    '"NaN"',
  );
});

test("beyond the limit it refuses instead of growing", () => {
  const writer = new JsonWriter(5000);
  assert.throws(
    () => {
      for (;;) writer.ascii('"GENRE_UNSPECIFIED",');
    },
    { code: Code.RESOURCE_EXHAUSTED },
  );
  assert.ok(writer.pos <= 5000);
});

test("the comma before the first element becomes the opening bracket", () => {
  assert.equal(
    printed((w) => w.close(0, 0x7b)),
    "{}",
  );
  assert.equal(
    printed((w) => {
      w.ascii(",1,2");
      w.close(0, 0x5b);
    }),
    "[1,2]",
  );
});
