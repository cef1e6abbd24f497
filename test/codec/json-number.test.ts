import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  double,
  integer,
  NOT_A_NUMBER,
  NOT_AN_INTEGER,
  numberEnd,
  parseDouble,
  parseInteger,
  TOO_LARGE,
} from "../../src/codec/json-number.ts";
import { utf8 } from "./schema.ts";

function parsedInteger(text: string): bigint | number {
  const bytes = utf8(text);
  const end = parseInteger(bytes, 0, bytes.length);
  if (end < 0) return end;
  assert.equal(end, bytes.length);
  const magnitude = (BigInt(integer.hi >>> 0) << 32n) | BigInt(integer.lo >>> 0);
  return integer.negative ? -magnitude : magnitude;
}

const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 40n }));

test("an integer is read exactly in every spelling", () => {
  fc.assert(
    fc.property(
      uint64,
      fc.boolean(),
      fc.nat({ max: 25 }),
      fc.nat({ max: 30 }),
      (value, negative, shift, zeros) => {
        const sign = negative ? "-" : "";
        const expected = negative ? -value : value;
        const digits = String(value);
        assert.equal(parsedInteger(`${sign}${digits}`), expected);
        assert.equal(parsedInteger(`${sign}${digits}.${"0".repeat(zeros + 1)}`), expected);
        assert.equal(
          parsedInteger(`${sign}${digits}${value === 0n ? "" : "0".repeat(shift)}e-${shift}`),
          expected,
        );
        const padded = digits.padStart(shift + 1, "0");
        const point = padded.length - shift;
        const moved = `${padded.slice(0, point).replace(/^0+(?=\d)/, "")}.${padded.slice(point)}0`;
        assert.equal(parsedInteger(`${sign}${moved}E+${shift}`), expected);
      },
    ),
    { numRuns: 500 },
  );
});

const rows: readonly (readonly [text: string, result: bigint | number])[] = [
  ["18446744073709551615", 2n ** 64n - 1n],
  ["18446744073709551616", TOO_LARGE],
  ["99999999999999999999", TOO_LARGE],
  ["100000000000000000000", TOO_LARGE],
  ["1e19", 10n ** 19n],
  ["1e20", TOO_LARGE],
  ["1e99999999999999999999", TOO_LARGE],
  ["1e-99999999999999999999", NOT_AN_INTEGER],
  ["0e99999999999999999999", 0n],
  ["-0.000e5", 0n],
  ["1.5", NOT_AN_INTEGER],
  ["0.1e1", 1n],
  ["123456789012345e-1", NOT_AN_INTEGER],
  ["", NOT_A_NUMBER],
  ["-", NOT_A_NUMBER],
  ["00", NOT_A_NUMBER],
  ["-01", NOT_A_NUMBER],
  ["0000000000000000", NOT_A_NUMBER],
  ["1.", NOT_A_NUMBER],
  ["1e", NOT_A_NUMBER],
  ["1e+", NOT_A_NUMBER],
  [".5", NOT_A_NUMBER],
];

for (const [text, result] of rows) {
  test(`${JSON.stringify(text)} as an integer is ${result}`, () => assert.equal(parsedInteger(text), result));
}

test("a double is read as JavaScript reads it", () => {
  const text = fc.oneof(
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((value) => (Object.is(value, -0) ? "-0" : String(value))),
    fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?$/),
  );
  fc.assert(
    fc.property(text, (number) => {
      const bytes = utf8(`${number},`);
      assert.equal(parseDouble(bytes, 0, bytes.length), bytes.length - 1);
      assert.ok(Object.is(double.value, Number(number)), number);
      assert.equal(numberEnd(bytes, 0, bytes.length), bytes.length - 1);
    }),
    { numRuns: 2000 },
  );
});

test("what JSON.parse does not take for a number is none", () => {
  const text = fc
    .array(fc.constantFrom("0", "1", "9", "-", "+", ".", "e", "E"), { maxLength: 7 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (candidate) => {
      const bytes = utf8(candidate);
      const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(candidate);
      assert.equal(numberEnd(bytes, 0, bytes.length) === bytes.length, isNumber);
      assert.equal(parseDouble(bytes, 0, bytes.length) === bytes.length, isNumber);
      if (!isNumber) assert.notEqual(parseInteger(bytes, 0, bytes.length), bytes.length);
    }),
    { numRuns: 3000 },
  );
});
