// The JSON text of a field that is not set. Source: ProtoJSON, "JSON options": lists and maps are empty, scalars are
// their default, enums their first value.
import { type DescEnum, type DescExtension, type DescField, ScalarType } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import { isNullValue } from "./decode-enum.ts";

/** The default of a list, map, scalar or enum field; undefined for a message. A default declared in the .proto counts. */
export function defaultJson(desc: DescField | DescExtension, options: JsonOptions): string | undefined {
  switch (desc.fieldKind) {
    case "list":
      return "[]";
    case "map":
      return "{}";
    case "message":
      return undefined;
    case "enum":
      return enumDefaultJson(desc.enum, options, desc.getDefaultValue());
    case "scalar": {
      const declared = desc.getDefaultValue();
      return declared === undefined
        ? scalarDefaultJson(desc.scalar, options)
        : declaredJson(declared, desc.scalar, options);
    }
  }
}

/** The zero of a scalar type. */
export function scalarDefaultJson(type: ScalarType, options: JsonOptions): string {
  switch (type) {
    case ScalarType.BOOL:
      return "false";
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '""';
    default:
      return is64Bit(type) && !options.int64Numbers ? '"0"' : "0";
  }
}

/** The first value of an enum, or the one with the number that is given. */
export function enumDefaultJson(desc: DescEnum, options: JsonOptions, number?: number): string {
  if (isNullValue(desc)) return "null";
  const value = number === undefined ? desc.values[0] : desc.value[number];
  if (value === undefined || options.enumNumbers) return String(value?.number ?? number ?? 0);
  return JSON.stringify(value.jsonName);
}

function declaredJson(
  value: string | number | bigint | boolean | Uint8Array,
  type: ScalarType,
  options: JsonOptions,
): string {
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
  if (is64Bit(type)) {
    const exact = options.int64Numbers && Math.abs(Number(value)) <= 2 ** 53;
    return exact ? String(value) : `"${value}"`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  return JSON.stringify(value);
}

function is64Bit(type: ScalarType): boolean {
  switch (type) {
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return true;
    default:
      return false;
  }
}
