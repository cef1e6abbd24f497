// Reads JSON numbers as values of protobuf types, ranges checked. `expected` names the type in errors.
// Source: ProtoJSON, the table of types: numbers may be quoted, exponents are read where exact.
import type { DecodeState } from "./decode-state.ts";
import { double, integer, NOT_A_NUMBER, parseDouble, parseInteger } from "./json-number.ts";

/** Reads an integer, bare or quoted, into `integer`; `expected` names the type in errors. */
function readInteger(state: DecodeState, expected: string): void {
  const scanner = state.scanner;
  const start = scanner.pos;
  let stop: number;
  if (scanner.bytes[start] === 0x22) {
    scanner.string();
    stop = parseInteger(scanner.text, scanner.textStart, scanner.textEnd);
    if (stop !== scanner.textEnd) stop = NOT_A_NUMBER;
  } else {
    stop = parseInteger(scanner.bytes, start, scanner.end);
    scanner.pos = stop;
  }
  if (stop < 0) throw scanner.fail(start, expected);
}

/** An int32 or fails. */
export function readInt32(state: DecodeState, expected: string): number {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  const fits = hi === 0 && (negative ? lo >= 0 || lo === -0x80000000 : lo >= 0);
  if (!fits) throw state.scanner.fail(start, expected);
  return negative ? -lo | 0 : lo;
}

/** A uint32 or fails. */
export function readUint32(state: DecodeState, expected: string): number {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  if (hi !== 0 || (negative && lo !== 0)) throw state.scanner.fail(start, expected);
  return lo >>> 0;
}

/** An int64, left in `integer` as two's complement, or fails. */
export function readInt64(state: DecodeState, expected: string): void {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  const fits = hi >= 0 || (negative && hi === -0x80000000 && lo === 0);
  if (!fits) throw state.scanner.fail(start, expected);
  if (!negative) return;
  integer.lo = -lo | 0;
  integer.hi = lo === 0 ? -hi | 0 : ~hi;
}

/** A uint64, left in `integer`, or fails. */
export function readUint64(state: DecodeState, expected: string): void {
  const start = state.scanner.pos;
  readInteger(state, expected);
  if (integer.negative && (integer.lo | integer.hi) !== 0) throw state.scanner.fail(start, expected);
}

/** A double, bare or quoted, or one of the three words. */
export function readDouble(state: DecodeState, expected: string): number {
  const scanner = state.scanner;
  const start = scanner.pos;
  let stop: number;
  if (scanner.bytes[start] === 0x22) {
    scanner.string();
    const { text, textStart, textEnd } = scanner;
    stop = parseDouble(text, textStart, textEnd);
    if (stop !== textEnd) {
      const word = textEnd - textStart > 9 ? "" : scanner.textString();
      if (word === "NaN") return Number.NaN;
      if (word === "Infinity") return Number.POSITIVE_INFINITY;
      if (word === "-Infinity") return Number.NEGATIVE_INFINITY;
      stop = NOT_A_NUMBER;
    }
  } else {
    stop = parseDouble(scanner.bytes, start, scanner.end);
    scanner.pos = stop;
  }
  if (stop < 0) throw scanner.fail(start, expected);
  // A number too large for a double must not silently become infinite.
  if (!Number.isFinite(double.value)) throw scanner.fail(start, expected);
  return double.value;
}

/** A double that a float can hold, not rounded yet. */
export function readFloat(state: DecodeState): number {
  const start = state.scanner.pos;
  const value = readDouble(state, "float");
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw state.scanner.fail(start, "float");
  return value;
}
