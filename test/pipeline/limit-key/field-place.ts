// For tests: where a field stands on the wire, from its descriptor, as the gateway tells the field reader.
import assert from "node:assert/strict";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { FieldPlace, FieldScalar, FieldStep } from "../../../src/pipeline/limit-key/field-reader.ts";
import { resolveFieldPath, scalarName } from "../../../src/transcode/field-path.ts";
import { WireType } from "../../../src/wire/protobuf-writer.ts";

/** @throws AssertionError where the path names no singular scalar */
export function placeOf(desc: DescMessage, path: string): FieldPlace {
  const resolved = resolveFieldPath(desc, path.split("."));
  assert.ok(typeof resolved !== "string", String(resolved));
  const { ancestors, leaf } = resolved;
  assert.ok(leaf.fieldKind === "scalar" || leaf.fieldKind === "enum");
  const type = leaf.fieldKind === "enum" ? "enum" : (scalarName(leaf.scalar) as FieldScalar);
  return {
    ancestors: ancestors.map((field) => ({
      ...stepOf(field),
      encoding: field.fieldKind === "message" && field.delimitedEncoding ? "group" : "length",
    })),
    leaf: { ...stepOf(leaf), type },
  };
}

function stepOf(field: DescField): FieldStep {
  const rivals = field.oneof?.fields.filter((other) => other !== field) ?? [];
  return { number: field.number, rivalTags: rivals.map((rival) => rival.number * 8 + wireTypeOf(rival)) };
}

function wireTypeOf(field: DescField): number {
  if (field.fieldKind === "message") return field.delimitedEncoding ? WireType.GROUP_START : WireType.LENGTH;
  if (field.fieldKind !== "scalar") return WireType.VARINT;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LENGTH;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.FIXED64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.FIXED32;
    default:
      return WireType.VARINT;
  }
}
