// Encoders of protobuf scalars and enums as JSON, one function per type.
// Source: ProtoJSON, the table of types: 64-bit integers as strings, bytes as standard base64, NaN and infinities as words.
import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import { isNullValue } from "./decode-enum.ts";
import {
  type EncodeState,
  type EncodeValue,
  PRINTED,
  PRINTED_DEFAULT,
  UNKNOWN_VALUE,
} from "./encode-state.ts";
import { printDouble, printFloat, printInt32, printInt64, printUint32, printUint64 } from "./print-number.ts";

function outcome(isDefault: boolean): number {
  return isDefault ? PRINTED_DEFAULT : PRINTED;
}

/** Prints the 64-bit value in the reader, signed, in quotes. */
function quotedInt64(state: EncodeState): number {
  const { reader, writer } = state;
  writer.byte(0x22);
  printInt64(writer, reader.lo, reader.hi);
  writer.byte(0x22);
  return outcome((reader.lo | reader.hi) === 0);
}

function quotedUint64(state: EncodeState): number {
  const { reader, writer } = state;
  writer.byte(0x22);
  printUint64(writer, reader.lo, reader.hi);
  writer.byte(0x22);
  return outcome((reader.lo | reader.hi) === 0);
}

/** Prints it without quotes where a double holds it exactly. 2^53 itself has `hi` 0x200000 and `lo` 0. */
function numberOrQuotedInt64(state: EncodeState): number {
  const { reader, writer } = state;
  const value = reader.hi * 0x100000000 + (reader.lo >>> 0);
  if (Math.abs(value) > 2 ** 53 || (Math.abs(value) === 2 ** 53 && reader.lo !== 0))
    return quotedInt64(state);
  printInt64(writer, reader.lo, reader.hi);
  return outcome(value === 0);
}

function numberOrQuotedUint64(state: EncodeState): number {
  const { reader, writer } = state;
  const hi = reader.hi >>> 0;
  if (hi > 0x200000 || (hi === 0x200000 && reader.lo !== 0)) return quotedUint64(state);
  printUint64(writer, reader.lo, reader.hi);
  return outcome((reader.lo | reader.hi) === 0);
}

/** Reads a 64-bit value with `read` and prints it as the options say. */
function encoder64(read: (state: EncodeState) => void, signed: boolean, options: JsonOptions): EncodeValue {
  const print = signed
    ? options.int64Numbers
      ? numberOrQuotedInt64
      : quotedInt64
    : options.int64Numbers
      ? numberOrQuotedUint64
      : quotedUint64;
  return (state) => {
    read(state);
    return print(state);
  };
}

/** The encoder of a scalar type. */
export function scalarEncoder(type: ScalarType, options: JsonOptions): EncodeValue {
  switch (type) {
    case ScalarType.DOUBLE:
      return (state) => {
        const value = state.reader.double();
        printDouble(state.writer, value);
        return outcome(Object.is(value, 0));
      };
    case ScalarType.FLOAT:
      return (state) => {
        const value = state.reader.float();
        printFloat(state.writer, value);
        return outcome(Object.is(value, 0));
      };
    case ScalarType.INT32:
      return (state) => {
        const value = state.reader.int32();
        printInt32(state.writer, value);
        return outcome(value === 0);
      };
    case ScalarType.SINT32:
      return (state) => {
        const value = state.reader.sint32();
        printInt32(state.writer, value);
        return outcome(value === 0);
      };
    case ScalarType.SFIXED32:
      return (state) => {
        const value = state.reader.fixed32();
        printInt32(state.writer, value);
        return outcome(value === 0);
      };
    case ScalarType.UINT32:
      return (state) => {
        const value = state.reader.uint32();
        printUint32(state.writer, value);
        return outcome(value === 0);
      };
    case ScalarType.FIXED32:
      return (state) => {
        const value = state.reader.fixed32() >>> 0;
        printUint32(state.writer, value);
        return outcome(value === 0);
      };
    case ScalarType.INT64:
      return encoder64((state) => state.reader.varint64(), true, options);
    case ScalarType.UINT64:
      return encoder64((state) => state.reader.varint64(), false, options);
    case ScalarType.SINT64:
      return encoder64((state) => state.reader.sint64(), true, options);
    case ScalarType.SFIXED64:
      return encoder64((state) => state.reader.fixed64(), true, options);
    case ScalarType.FIXED64:
      return encoder64((state) => state.reader.fixed64(), false, options);
    case ScalarType.BOOL:
      return (state) => {
        const value = state.reader.bool();
        state.writer.ascii(value ? "true" : "false");
        return outcome(!value);
      };
    case ScalarType.STRING:
      return (state) => {
        const { reader, writer } = state;
        const end = reader.lengthEnd();
        const start = reader.pos;
        if (!writer.string(reader.bytes, start, end)) throw reader.malformed("string is not UTF-8");
        reader.pos = end;
        return outcome(start === end);
      };
    case ScalarType.BYTES:
      return (state) => {
        const { reader, writer } = state;
        const end = reader.lengthEnd();
        const start = reader.pos;
        writer.base64(reader.bytes, start, end);
        reader.pos = end;
        return outcome(start === end);
      };
  }
}

const textEncoder = new TextEncoder();

/** Compiles the encoder of an enum: names, or numbers where there is no name or the options say so. */
export function compileEnumEncoder(desc: DescEnum, options: JsonOptions): EncodeValue {
  if (isNullValue(desc)) {
    return (state) => {
      const value = state.reader.int32();
      state.writer.ascii("null");
      return outcome(value === 0);
    };
  }
  const names = new Map<number, Uint8Array>();
  for (const value of desc.values) {
    // Of several names for one number the first declared is printed.
    if (!names.has(value.number)) names.set(value.number, textEncoder.encode(JSON.stringify(value.jsonName)));
  }
  const { open } = desc;
  const { enumNumbers } = options;
  return (state) => {
    const value = state.reader.int32();
    const name = names.get(value);
    if (name === undefined && !open) return UNKNOWN_VALUE;
    if (name === undefined || enumNumbers) printInt32(state.writer, value);
    else state.writer.name(name);
    return outcome(value === 0);
  };
}
