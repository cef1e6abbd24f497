// Decoders of JSON scalars, one function per protobuf type.
// Source: ProtoJSON, the table of types.
import { ScalarType } from "@bufbuild/protobuf";
import { base64DecodedLength, decodeBase64 } from "./base64.ts";
import { type DecodeState, type DecodeValue, WRITTEN, WRITTEN_DEFAULT } from "./decode-state.ts";
import { integer } from "./json-number.ts";
import { readDouble, readFloat, readInt32, readInt64, readUint32, readUint64 } from "./read-number.ts";

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
