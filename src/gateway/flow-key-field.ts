// The field of a request that a limit counts by, `field:parent`: from its path by names of the .proto to its place on
// the wire. Source: protos/protogate/v1/options.proto (RateLimit.key).
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { LimitKey } from "../pipeline/flow-policy.ts";
import {
  compileFieldReader,
  type FieldPlace,
  type FieldReader,
  type FieldScalar,
  type FieldStep,
} from "../pipeline/limit-key/field-reader.ts";
import { fieldType, resolveFieldPath, scalarName } from "../transcode/field-path.ts";
import { WireType } from "../wire/protobuf-writer.ts";

/** Reading goes down no further. */
const maxDepth = 32;

/** The place of a scalar, or the reason why a path leads to none. */
export function resolveKeyField(input: DescMessage, path: string): FieldPlace | string {
  const names = path.split(".");
  if (names.length > maxDepth) return `a path of ${names.length} fields, at most ${maxDepth} are read`;
  const found = resolveFieldPath(input, names);
  if (typeof found === "string") return found;
  const { ancestors, leaf } = found;
  const type = scalarOf(leaf);
  if (type === undefined) return `"${path}" is ${fieldType(leaf)}, expected one scalar`;
  return {
    ancestors: ancestors.map((field) => ({
      ...stepOf(field),
      encoding: isGroup(field) ? ("group" as const) : ("length" as const),
    })),
    leaf: { ...stepOf(leaf), type },
  };
}

/** What is wrong with a key for a request message; nothing where it has all of the fields. */
export function checkKeyFields({ parts }: LimitKey, input: DescMessage): string | undefined {
  for (const part of parts) {
    if (part.kind !== "field") continue;
    const place = resolveKeyField(input, part.path);
    if (typeof place === "string") return place;
  }
  return undefined;
}

/** The readers of a request message's fields by path; undefined where there is no such scalar. */
export function createKeyFieldReaders(input: DescMessage): (path: string) => FieldReader | undefined {
  return (path) => {
    const place = resolveKeyField(input, path);
    return typeof place === "string" ? undefined : compileFieldReader(place);
  };
}

function scalarOf(field: DescField): FieldScalar | undefined {
  if (field.fieldKind === "enum") return "enum";
  return field.fieldKind === "scalar" ? (scalarName(field.scalar) as FieldScalar) : undefined;
}

function stepOf(field: DescField): FieldStep {
  const rivals = (field.oneof?.fields ?? []).filter((rival) => rival !== field);
  return { number: field.number, rivalTags: rivals.map((rival) => rival.number * 8 + wireTypeOf(rival)) };
}

function isGroup(field: DescField): boolean {
  return field.fieldKind === "message" && field.delimitedEncoding;
}

/** Of a member of a oneof, which is never a list or a map. */
function wireTypeOf(field: DescField): number {
  if (field.fieldKind === "enum") return WireType.VARINT;
  if (field.fieldKind !== "scalar") return isGroup(field) ? WireType.GROUP_START : WireType.LENGTH;
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
