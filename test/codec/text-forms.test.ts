// The text forms of Timestamp, Duration and FieldMask, and base64: grammars as tables, inverses as properties.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  base64DecodedLength,
  base64EncodedLength,
  decodeBase64,
  encodeBase64,
} from "../../src/codec/base64.ts";
import { formatDuration, parseDuration } from "../../src/codec/duration.ts";
import { formatFieldMask, parseFieldMask } from "../../src/codec/field-mask.ts";
import { formatFloat } from "../../src/codec/json-float.ts";
import { formatTimestamp, parseTimestamp } from "../../src/codec/timestamp.ts";
import { utf8 } from "./schema.ts";

const timestamps: readonly (readonly [text: string, reason: string, seconds?: number, nanos?: number])[] = [
  ["1970-01-01T00:00:00Z", "the epoch", 0, 0],
  ["0001-01-01T00:00:00Z", "the first", -62135596800, 0],
  ["9999-12-31T23:59:59.999999999Z", "the last", 253402300799, 999_999_999],
  ["2024-02-29T00:00:00Z", "a leap day", 1709164800, 0],
  ["2000-02-29T00:00:00Z", "a leap day of a century that has one", 951782400, 0],
  ["1969-12-31T23:59:59.5Z", "nanos count forward before the epoch", -1, 500_000_000],
  ["1970-01-01T00:00:00.1Z", "one digit", 0, 100_000_000],
  ["1970-01-01T00:00:00.000000001Z", "nine digits", 0, 1],
  ["1970-01-01T01:00:00+01:00", "an offset east", 0, 0],
  ["1969-12-31T16:30:00-07:30", "an offset west", 0, 0],
  ["0001-01-01T00:00:00+00:01", "before the first by its offset"],
  ["9999-12-31T23:59:59-00:01", "after the last by its offset"],
  ["1900-02-29T00:00:00Z", "no leap day in 1900"],
  ["2023-02-29T00:00:00Z", "no leap day in 2023"],
  ["2023-04-31T00:00:00Z", "a day the month does not have"],
  ["2023-00-01T00:00:00Z", "month 0"],
  ["2023-13-01T00:00:00Z", "month 13"],
  ["2023-01-00T00:00:00Z", "day 0"],
  ["2023-01-01T24:00:00Z", "hour 24"],
  ["2023-01-01T00:60:00Z", "minute 60"],
  ["2016-12-31T23:59:60Z", "a leap second"],
  ["2023-01-01T00:00:00+24:00", "an offset of a day"],
  ["2023-01-01T00:00:00.Z", "a point without digits"],
  ["2023-01-01T00:00:00.1234567890Z", "ten digits"],
  ["2023-01-01t00:00:00Z", "a small t"],
  ["2023-01-01T00:00:00z", "a small z"],
  ["2023-01-01 00:00:00Z", "a space"],
  ["2023-01-01T00:00:00Z\n", "a line break after it"],
  ["0000-01-01T00:00:00Z", "the year 0"],
  ["10000-01-01T00:00:00Z", "five digits of a year"],
  ["2023-01-01T00:00:00+0100", "an offset without a colon"],
  ["2023-01-01", "no time"],
];

for (const [text, reason, seconds, nanos] of timestamps) {
  test(`timestamp ${JSON.stringify(text)}: ${reason}`, () => {
    assert.deepEqual(parseTimestamp(text), seconds === undefined ? undefined : { seconds, nanos });
  });
}

test("a timestamp is printed with 0, 3, 6 or 9 digits and read back", () => {
  assert.equal(formatTimestamp(0, 0), "1970-01-01T00:00:00Z");
  assert.equal(formatTimestamp(0, 1_000_000), "1970-01-01T00:00:00.001Z");
  assert.equal(formatTimestamp(0, 1_000), "1970-01-01T00:00:00.000001Z");
  assert.equal(formatTimestamp(0, 1), "1970-01-01T00:00:00.000000001Z");
  assert.equal(formatTimestamp(253402300800, 0), undefined);
  assert.equal(formatTimestamp(0, 1_000_000_000), undefined);
  assert.equal(formatTimestamp(Number.NaN, 0), undefined);
  fc.assert(
    fc.property(
      fc.integer({ min: -62135596800, max: 253402300799 }),
      fc.nat({ max: 999_999_999 }),
      (seconds, nanos) => {
        const text = formatTimestamp(seconds, nanos) ?? "";
        assert.equal(Date.parse(text.replace(/\.\d+/, "")), seconds * 1000);
        assert.deepEqual(parseTimestamp(text), { seconds, nanos });
      },
    ),
  );
});

const durations: readonly (readonly [text: string, reason: string, seconds?: number, nanos?: number])[] = [
  ["0s", "zero", 0, 0],
  ["-0s", "minus zero is zero", 0, 0],
  ["1.5s", "a fraction", 1, 500_000_000],
  ["-0.000000001s", "a sign before zero counts for nanos", 0, -1],
  ["-2.25s", "both parts have the sign", -2, -250_000_000],
  ["007s", "zeros in front", 7, 0],
  ["315576000000.999999999s", "the longest", 315_576_000_000, 999_999_999],
  ["315576000001s", "too long"],
  ["-315576000001s", "too long the other way"],
  ["1", "no unit"],
  ["1m", "another unit"],
  ["1h30m", "Go's form"],
  ["1.s", "a point without digits"],
  [".5s", "no digit before the point"],
  ["+1s", "a plus sign"],
  ["1.1234567890s", "ten digits"],
  ["1e3s", "an exponent"],
  ["1s ", "white space"],
  ["s", "no number"],
];

for (const [text, reason, seconds, nanos] of durations) {
  test(`duration ${JSON.stringify(text)}: ${reason}`, () => {
    assert.deepEqual(parseDuration(text), seconds === undefined ? undefined : { seconds, nanos });
  });
}

test("a duration is printed with one sign and read back", () => {
  assert.equal(formatDuration(0, -1_000_000), "-0.001s");
  assert.equal(formatDuration(-1, -1), "-1.000000001s");
  assert.equal(formatDuration(1, -1), undefined);
  assert.equal(formatDuration(315_576_000_001, 0), undefined);
  assert.equal(formatDuration(0, 1_000_000_000), undefined);
  fc.assert(
    fc.property(
      fc.nat({ max: 315_576_000_000 }),
      fc.nat({ max: 999_999_999 }),
      fc.constantFrom(1, -1),
      (s, n, sign) => {
        const value = { seconds: s * sign + 0, nanos: n * sign + 0 };
        assert.deepEqual(parseDuration(formatDuration(value.seconds, value.nanos) ?? ""), value);
      },
    ),
  );
});

test("paths of a field mask are lowerCamelCase in JSON", () => {
  assert.deepEqual(parseFieldMask(""), []);
  assert.deepEqual(parseFieldMask("a,fooBar.bazQux2"), ["a", "foo_bar.baz_qux2"]);
  for (const text of ["foo_bar", ",", "a,", "a,,b", "a..b", ".a", "a b", "1a", "a-b", "é", "*"]) {
    assert.equal(parseFieldMask(text), undefined, text);
  }
});

test("a path that would not be read back is not printed", () => {
  assert.equal(formatFieldMask([]), "");
  assert.equal(formatFieldMask(["foo_bar.baz", "a"]), "fooBar.baz,a");
  for (const path of ["fooBar", "foo__bar", "foo_", "foo_1", "a,b", "a.*"])
    assert.equal(formatFieldMask(["a", path]), undefined, path);
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z][a-z0-9]{0,3}(_[a-z][a-z0-9]{0,3}){0,3}(\.[a-z]{1,3})?$/), {
        minLength: 1,
      }),
      (paths) => {
        assert.deepEqual(parseFieldMask(formatFieldMask(paths) ?? "_"), paths);
      },
    ),
  );
});

function encoded(bytes: Uint8Array): string {
  const target = new Uint8Array(base64EncodedLength(bytes.length));
  encodeBase64(bytes, 0, bytes.length, target, 0);
  return Buffer.from(target).toString();
}

function decoded(text: string): Uint8Array | undefined {
  const source = utf8(text);
  const length = base64DecodedLength(source, 0, source.length);
  if (length < 0) return undefined;
  const target = new Uint8Array(length);
  return decodeBase64(source, 0, source.length, target, 0) ? target : undefined;
}

test("base64 is what Node writes, and all four spellings are read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const standard = Buffer.from(bytes).toString("base64");
      assert.equal(encoded(bytes), standard);
      const url = standard.replaceAll("+", "-").replaceAll("/", "_");
      for (const text of [standard, url, standard.replaceAll("=", ""), url.replaceAll("=", "")]) {
        assert.deepEqual(decoded(text), bytes);
      }
    }),
  );
});

test("what is no base64 is refused", () => {
  for (const text of [
    "A",
    "AAAAA",
    "=",
    "==",
    "====",
    "A===",
    "AA=",
    "AA=A",
    "AA==AA==",
    "A\nA=",
    "AA==\n",
    "é=",
    "A*==",
    "AAA*",
  ]) {
    assert.equal(decoded(text), undefined, JSON.stringify(text));
  }
});

test("a float is printed as short as it can be read back", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = formatFloat(value);
      assert.ok(Math.fround(Number(text)) === value);
      assert.ok(
        Number(text)
          .toExponential()
          .replace(/e.*|[-.]/g, "").length <= 9,
        text,
      );
    }),
  );
  assert.equal(formatFloat(Math.fround(0.1)), "0.1");
  assert.equal(formatFloat(Math.fround(1 / 3)), "0.33333334");
});
