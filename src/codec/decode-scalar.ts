// Decoders of JSON scalars, one function per protobuf type.
// Source: ProtoJSON, the table of types: numbers may be quoted, exponents are read where exact, ranges are checked.
import { ScalarType } from "@bufbuild/protobuf";
import { base64DecodedLength, decodeBase64 } from "./base64.ts";
import { type DecodeState, type DecodeValue, WRITTEN, WRITTEN_DEFAULT } from "./decode-state.ts";
import { double, integer, NOT_A_NUMBER, parseDouble, parseInteger } from "./json-number.ts";

/** Reads an integer, bare or quoted, into `integer`; `expected` names the type in errors. */
export function readInteger(state: DecodeState, expected: string): void {
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

/** The integer just read as an int32, or fails. */
export function readInt32(state: DecodeState, expected: string): number {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  const fits = hi === 0 && (negative ? lo >= 0 || lo === -0x80000000 : lo >= 0);
  if (!fits) throw state.scanner.fail(start, expected);
  return negative ? -lo | 0 : lo;
}

function readUint32(state: DecodeState, expected: string): number {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  if (hi !== 0 || (negative && lo !== 0)) throw state.scanner.fail(start, expected);
  return lo >>> 0;
}

/** The integer just read, in `integer` as two's complement of 64 bits, or fails. */
function readInt64(state: DecodeState, expected: string): void {
  const start = state.scanner.pos;
  readInteger(state, expected);
  const { lo, hi, negative } = integer;
  const fits = hi >= 0 || (negative && hi === -0x80000000 && lo === 0);
  if (!fits) throw state.scanner.fail(start, expected);
  if (!negative) return;
  integer.lo = -lo | 0;
  integer.hi = lo === 0 ? -hi | 0 : ~hi;
}

function readUint64(state: DecodeState, expected: string): void {
  const start = state.scanner.pos;
  readInteger(state, expected);
  if (integer.negative && (integer.lo | integer.hi) !== 0) throw state.scanner.fail(start, expected);
}

/** A double, bare or quoted, or one of the three words. `finite` refuses the words. */
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

function readFloat(state: DecodeState): number {
  const start = state.scanner.pos;
  const value = readDouble(state, "float");
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw state.scanner.fail(start, "float");
  return value;
}

/** Moves past a string and fails where the value is none. */
export function readText(state: DecodeState, expected: string): void {
  const scanner = state.scanner;
  if (scanner.bytes[scanner.pos] !== 0x22) throw scanner.fail(scanner.pos, expected);
  scanner.string();
}

/** Writes the text just read, with its length. */
export function writeText(state: DecodeState): number {
  const { text, textStart, textEnd } = state.scanner;
  const writer = state.writer;
  writer.uint32(textEnd - textStart);
  writer.rawRange(text, textStart, textEnd);
  return textEnd === textStart ? WRITTEN_DEFAULT : WRITTEN;
}

/** Writes the base64 text just read as bytes, with their length. */
export function writeBase64(state: DecodeState, start: number): number {
  const { text, textStart, textEnd } = state.scanner;
  const writer = state.writer;
  const length = base64DecodedLength(text, textStart, textEnd);
  if (length < 0) throw state.scanner.fail(start, "base64");
  writer.uint32(length);
  writer.reserve(length);
  if (!decodeBase64(text, textStart, textEnd, writer.bytes, writer.pos)) {
    throw state.scanner.fail(start, "base64");
  }
  writer.pos += length;
  return length === 0 ? WRITTEN_DEFAULT : WRITTEN;
}

function outcome(isDefault: boolean): number {
  return isDefault ? WRITTEN_DEFAULT : WRITTEN;
}

const decoders: Readonly<Record<ScalarType, DecodeValue>> = {
  [ScalarType.DOUBLE]: (state) => {
    const value = readDouble(state, "double");
    state.writer.double(value);
    // Minus zero is not the default: it would print differently.
    return outcome(Object.is(value, 0));
  },
  [ScalarType.FLOAT]: (state) => {
    const value = Math.fround(readFloat(state));
    state.writer.float(value);
    return outcome(Object.is(value, 0));
  },
  [ScalarType.INT32]: (state) => {
    const value = readInt32(state, "int32");
    state.writer.int32(value);
    return outcome(value === 0);
  },
  [ScalarType.SINT32]: (state) => {
    const value = readInt32(state, "sint32");
    state.writer.sint32(value);
    return outcome(value === 0);
  },
  [ScalarType.SFIXED32]: (state) => {
    const value = readInt32(state, "sfixed32");
    state.writer.fixed32(value);
    return outcome(value === 0);
  },
  [ScalarType.UINT32]: (state) => {
    const value = readUint32(state, "uint32");
    state.writer.uint32(value);
    return outcome(value === 0);
  },
  [ScalarType.FIXED32]: (state) => {
    const value = readUint32(state, "fixed32");
    state.writer.fixed32(value);
    return outcome(value === 0);
  },
  [ScalarType.INT64]: (state) => {
    readInt64(state, "int64");
    state.writer.varint64(integer.lo, integer.hi);
    return outcome((integer.lo | integer.hi) === 0);
  },
  [ScalarType.SINT64]: (state) => {
    readInt64(state, "sint64");
    state.writer.zigzag64(integer.lo, integer.hi);
    return outcome((integer.lo | integer.hi) === 0);
  },
  [ScalarType.SFIXED64]: (state) => {
    readInt64(state, "sfixed64");
    state.writer.fixed64(integer.lo, integer.hi);
    return outcome((integer.lo | integer.hi) === 0);
  },
  [ScalarType.UINT64]: (state) => {
    readUint64(state, "uint64");
    state.writer.varint64(integer.lo, integer.hi);
    return outcome((integer.lo | integer.hi) === 0);
  },
  [ScalarType.FIXED64]: (state) => {
    readUint64(state, "fixed64");
    state.writer.fixed64(integer.lo, integer.hi);
    return outcome((integer.lo | integer.hi) === 0);
  },
  [ScalarType.BOOL]: (state) => {
    const { scanner, writer } = state;
    const byte = scanner.bytes[scanner.pos];
    if (byte === 0x74) {
      scanner.literal("true");
      writer.bool(true);
      return WRITTEN;
    }
    if (byte !== 0x66) throw scanner.fail(scanner.pos, "bool");
    scanner.literal("false");
    writer.bool(false);
    return WRITTEN_DEFAULT;
  },
  [ScalarType.STRING]: (state) => {
    readText(state, "string");
    return writeText(state);
  },
  [ScalarType.BYTES]: (state) => {
    const start = state.scanner.pos;
    readText(state, "base64");
    return writeBase64(state, start);
  },
};

/** The decoder of a scalar type. */
export function scalarDecoder(type: ScalarType): DecodeValue {
  return decoders[type];
}
