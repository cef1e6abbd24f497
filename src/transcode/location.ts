// The `Location` of a created resource from its reply, where a method's policy names the field or a text with fields.
// Source: RFC 9110 §10.2.2 and §15.3.2; RFC 3986 §2 (what a URI may hold).
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { WireType } from "../wire/protobuf-writer.ts";
import { type FieldPath, fieldType, resolveFieldPath } from "./field-path.ts";

/** @throws RpcError INTERNAL when the bytes are no such message */
export type ReadLocation = (message: Uint8Array) => string | undefined;

type Piece = string | FieldPath;

/** Longer than what HTTP stacks take for a header is no header. */
const maxLength = 8_192;

/** Compiles a policy's location; a reason where it names no field with a text. */
export function compileLocation(output: DescMessage, location: string): ReadLocation | string {
  if (location === "") return () => undefined;
  const pieces: Piece[] = [];
  const parts = location.includes("{") ? location.split(/\{([^{}]*)\}/) : ["", location];
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      if (part !== escapeUri(part)) return `${JSON.stringify(part)} cannot stand in a URI`;
      pieces.push(part);
      continue;
    }
    const path = resolveFieldPath(output, part.split("."));
    if (typeof path === "string") return path;
    if (textReader(path.leaf) === undefined) {
      return `"${part}" is ${fieldType(path.leaf)}, which cannot stand in a URI`;
    }
    pieces.push(path);
  }
  return (message) => {
    let text = "";
    for (const piece of pieces) {
      const value = typeof piece === "string" ? piece : readField(message, piece);
      if (value === undefined) return undefined;
      text += value;
    }
    return text === "" || text.length > maxLength ? undefined : text;
  };
}

/** The text of a field, fit for a URI; undefined where it is not set or at its default. */
function readField(message: Uint8Array, path: FieldPath, depth = 0): string | undefined {
  const ancestor = path.ancestors[depth];
  const { number } = ancestor ?? path.leaf;
  const read = ancestor === undefined ? textReader(path.leaf) : undefined;
  const reader = new ProtobufReader(message, Code.INTERNAL);
  let text: string | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const wireType = tag & 7;
    if (tag >>> 3 !== number) reader.skip(tag);
    else if (read !== undefined && wireType === read.wireType) text = read.read(reader);
    else if (ancestor !== undefined && wireType === WireType.LENGTH)
      text = readField(reader.lengthPrefixed(), path, depth + 1) ?? text;
    else if (ancestor !== undefined && wireType === WireType.GROUP_START)
      text = readField(message.subarray(reader.pos, reader.groupEnd(tag)), path, depth + 1) ?? text;
    else reader.skip(tag);
  }
  // An integer at its default is not set; an empty text names nothing.
  const isDefault = text === "" || (text === "0" && read !== undefined && read.wireType !== WireType.LENGTH);
  return text === undefined || isDefault ? undefined : escapeUri(text);
}

/** Text and integers name resources; nothing else does. */
function textReader(
  field: DescField,
): { readonly wireType: number; readonly read: (reader: ProtobufReader) => string } | undefined {
  if (field.fieldKind !== "scalar") return undefined;
  switch (field.scalar) {
    case ScalarType.STRING:
      return { wireType: WireType.LENGTH, read: (reader) => reader.string() };
    case ScalarType.INT32:
      return { wireType: WireType.VARINT, read: (reader) => String(reader.int32()) };
    case ScalarType.UINT32:
      return { wireType: WireType.VARINT, read: (reader) => String(reader.uint32()) };
    case ScalarType.SINT32:
      return { wireType: WireType.VARINT, read: (reader) => String(reader.sint32()) };
    case ScalarType.FIXED32:
      return { wireType: WireType.FIXED32, read: (reader) => String(reader.fixed32() >>> 0) };
    case ScalarType.SFIXED32:
      return { wireType: WireType.FIXED32, read: (reader) => String(reader.fixed32()) };
    case ScalarType.INT64:
      return { wireType: WireType.VARINT, read: (reader) => signed(reader, () => reader.varint64()) };
    case ScalarType.UINT64:
      return { wireType: WireType.VARINT, read: (reader) => unsigned(reader, () => reader.varint64()) };
    case ScalarType.SINT64:
      return { wireType: WireType.VARINT, read: (reader) => signed(reader, () => reader.sint64()) };
    case ScalarType.FIXED64:
      return { wireType: WireType.FIXED64, read: (reader) => unsigned(reader, () => reader.fixed64()) };
    case ScalarType.SFIXED64:
      return { wireType: WireType.FIXED64, read: (reader) => signed(reader, () => reader.fixed64()) };
    default:
      return undefined;
  }
}

function signed(reader: ProtobufReader, read: () => void): string {
  read();
  return String(reader.toInt64());
}

function unsigned(reader: ProtobufReader, read: () => void): string {
  read();
  return String(reader.toUint64());
}

/** Percent-encodes what no URI may hold; triples that are there already stay. */
function escapeUri(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (char) => encodeURIComponent(char.toWellFormed()));
}
