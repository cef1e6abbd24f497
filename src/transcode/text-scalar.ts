// Text of a scalar or an enum to its wire value, without a tag. What is written is explicit even at the default.
// Source: https://protobuf.dev/programming-guides/json/; https://protobuf.dev/programming-guides/encoding/
import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import { scalarName } from "./field-path.ts";
import {
  parseBase64,
  parseBigInteger,
  parseBool,
  parseFloatText,
  parseInteger,
  parseSmallNatural,
} from "./text-number.ts";

/** Writes a value without its tag; for a message, its content. */
export type WriteText = (text: string, writer: ProtobufWriter) => boolean;

export interface TextValue {
  readonly expected: string;
  readonly wireType: number;
  readonly write: WriteText;
}

/** So many of an enum's names go into a message. */
const maxEnumNames = 4;

/** The parser and writer of a scalar or enum. */
export function compileTextValue(
  type: DescEnum | ScalarType,
  dialect: Pick<Dialect, "boolForms">,
): TextValue {
  if (typeof type === "object") return compileEnum(type);
  const expected = scalarName(type);
  switch (type) {
    case ScalarType.BOOL:
      return {
        expected: "bool (true or false)",
        wireType: WireType.VARINT,
        write: (text, writer) => {
          const value = parseBool(text, dialect.boolForms);
          if (value !== undefined) writer.bool(value);
          return value !== undefined;
        },
      };
    case ScalarType.STRING:
      return {
        expected,
        wireType: WireType.LENGTH,
        write: (text, writer) => {
          writer.string(text);
          return true;
        },
      };
    case ScalarType.BYTES:
      return {
        expected: "bytes (base64)",
        wireType: WireType.LENGTH,
        write: (text, writer) => {
          const value = parseBase64(text);
          if (value !== undefined) writer.lengthPrefixed(value);
          return value !== undefined;
        },
      };
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE: {
      const single = type === ScalarType.FLOAT;
      return {
        expected,
        wireType: single ? WireType.FIXED32 : WireType.FIXED64,
        write: (text, writer) => {
          const value = parseFloatText(text, single);
          if (value === undefined) return false;
          if (single) writer.float(value);
          else writer.double(value);
          return true;
        },
      };
    }
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return compileInteger64(type, -(2n ** 63n), 2n ** 63n - 1n);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return compileInteger64(type, 0n, 2n ** 64n - 1n);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return compileInteger32(type, -(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return compileInteger32(type, 0, 2 ** 32 - 1);
  }
}

function compileInteger32(type: ScalarType, min: number, max: number): TextValue {
  const fixed = type === ScalarType.FIXED32 || type === ScalarType.SFIXED32;
  return {
    expected: scalarName(type),
    wireType: fixed ? WireType.FIXED32 : WireType.VARINT,
    write(text, writer) {
      const value = parseInteger(text, min, max);
      if (value === undefined) return false;
      if (fixed) writer.fixed32(value);
      else if (type === ScalarType.SINT32) writer.sint32(value);
      else writer.int32(value);
      return true;
    },
  };
}

function compileInteger64(type: ScalarType, min: bigint, max: bigint): TextValue {
  const fixed = type === ScalarType.FIXED64 || type === ScalarType.SFIXED64;
  return {
    expected: scalarName(type),
    wireType: fixed ? WireType.FIXED64 : WireType.VARINT,
    write(text, writer) {
      // Most numbers are small, and a double holds them without a BigInt.
      const small = parseSmallNatural(text);
      if (small !== undefined) {
        const hi = Math.floor(small / 2 ** 32);
        if (fixed) writer.fixed64(small, hi);
        else if (type === ScalarType.SINT64) writer.zigzag64(small, hi);
        else writer.varint64(small, hi);
        return true;
      }
      const value = parseBigInteger(text, min, max);
      if (value === undefined) return false;
      if (fixed) {
        const bits = BigInt.asUintN(64, value);
        writer.fixed64(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
      } else if (type === ScalarType.SINT64) writer.sint64(value);
      else writer.int64(value);
      return true;
    },
  };
}

function compileEnum(desc: DescEnum): TextValue {
  const numbers = new Map(desc.values.map(({ name, number }) => [name, number]));
  const names = desc.values.slice(0, maxEnumNames).map(({ name }) => name);
  if (desc.values.length > maxEnumNames) names.push("…");
  if (desc.typeName === "google.protobuf.NullValue") numbers.set("null", 0);
  return {
    expected: `${desc.typeName} (${names.join(", ")} or a number)`,
    wireType: WireType.VARINT,
    write(text, writer) {
      const value = numbers.get(text) ?? parseInteger(text, -(2 ** 31), 2 ** 31 - 1);
      if (value === undefined) return false;
      writer.int32(value);
      return true;
    },
  };
}
