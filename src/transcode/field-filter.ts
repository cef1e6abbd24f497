// A binary reply reduced to what its `fields` select, before it is printed. Lists are looked through, as in JSON; maps
// and Struct are selected in by key.
// Source: https://developers.google.com/workspace/drive/api/guides/performance#partial
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import { fieldsByName, fieldType, missingField } from "./field-path.ts";
import type { Selection } from "./partial-response.ts";

/** Messages whose JSON is their content's, so that names are looked for inside of it. */
const transparent = new Set(["google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"]);

/**
 * Why a selection cannot be had: a name in it selects nothing. What is beneath a `*` may be in some of the fields only,
 * and is not looked at.
 */
export function checkSelection(desc: DescMessage, selection: Selection): string | undefined {
  if (transparent.has(desc.typeName)) return undefined;
  for (const [name, inside] of selection.inside) {
    if (name === "*") continue;
    const field = fieldsByName(desc).get(name);
    const reason = field === undefined ? missingField(desc, name.slice(0, 80)) : checkInside(field, inside);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The same for what is selected inside of a field. */
export function checkInside(field: DescField, selection: Selection): string | undefined {
  const { message } = field;
  if (selection.inside.size === 0) return undefined;
  if (field.fieldKind === "map") {
    for (const inside of selection.inside.values()) {
      if (message === undefined && inside.inside.size > 0) return hasNone(field);
      const reason = message && checkSelection(message, inside);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
  return message === undefined || isOpaque(message) ? hasNone(field) : checkSelection(message, selection);
}

function hasNone(field: DescField): string {
  return `"${field.name}" is ${fieldType(field)}, which has no fields to select`;
}

/** Well-known types that print as one value, and Any, whose content is another type's. */
function isOpaque(desc: DescMessage): boolean {
  return desc.typeName.startsWith("google.protobuf.") && !transparent.has(desc.typeName);
}

/**
 * The selected fields of a message.
 * @throws RpcError INTERNAL when the bytes are no such message
 */
export function filterMessage(message: Uint8Array, desc: DescMessage, selection: Selection): Uint8Array {
  const writer = new ProtobufWriter(Math.min(message.length + 16, 65_536));
  writeSelected(message, desc, [selection], writer, 0);
  return writer.finish();
}

/** The same within one field of a message, for a `response_body`. */
export function filterField(message: Uint8Array, field: DescField, selection: Selection): Uint8Array {
  const writer = new ProtobufWriter(Math.min(message.length + 16, 65_536));
  const reader = new ProtobufReader(message, Code.INTERNAL);
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    if (tag >>> 3 === field.number) writeRecord(reader, start, tag, field, [selection], writer, 0);
    else reader.skip(tag);
  }
  return writer.finish();
}

/** Several selections may apply to one place, such as those of its name and of `*`. */
function writeSelected(
  message: Uint8Array,
  desc: DescMessage,
  selections: readonly Selection[],
  writer: ProtobufWriter,
  depth: number,
): void {
  if (depth > maxDepth) throw new RpcError(Code.INTERNAL, "the reply is nested too deep");
  const reader = new ProtobufReader(message, Code.INTERNAL);
  const seeThrough = transparent.has(desc.typeName);
  const chosen = new Map<number, readonly Selection[]>();
  const fields = fieldsByNumber(desc);
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const field = fields.get(tag >>> 3);
    let inside = chosen.get(tag >>> 3);
    if (inside === undefined) {
      inside = field === undefined ? [] : seeThrough ? selections : insideField(field, selections);
      chosen.set(tag >>> 3, inside);
    }
    if (field === undefined || inside.length === 0) reader.skip(tag);
    else writeRecord(reader, start, tag, field, inside, writer, depth);
  }
}

function insideField(field: DescField, selections: readonly Selection[]): Selection[] {
  return insideKeys(selections, field.jsonName === field.name ? [field.name] : [field.name, field.jsonName]);
}

function insideKeys(selections: readonly Selection[], keys: readonly string[]): Selection[] {
  const inside: Selection[] = [];
  for (const selection of selections) {
    for (const key of keys) {
      const found = selection.inside.get(key);
      if (found !== undefined) inside.push(found);
    }
    const all = selection.inside.get("*");
    if (all !== undefined) inside.push(all);
  }
  return inside;
}

/** Appends the record of a selected field, or what is selected inside of it; the reader stands behind its tag. */
function writeRecord(
  reader: ProtobufReader,
  start: number,
  tag: number,
  field: DescField,
  selections: readonly Selection[],
  writer: ProtobufWriter,
  depth: number,
): void {
  const wireType = tag & 7;
  const contentStart = reader.pos;
  const contentEnd = wireType === WireType.GROUP_START ? reader.groupEnd(tag) : -1;
  if (contentEnd < 0) reader.skip(tag);
  if (selections.some(({ whole }) => whole)) {
    writer.rawRange(reader.bytes, start, reader.pos);
    return;
  }
  const { message } = field;
  const isEntry = field.fieldKind === "map";
  if ((message === undefined && !isEntry) || (message !== undefined && !isEntry && isOpaque(message))) return;
  if (wireType !== WireType.LENGTH && wireType !== WireType.GROUP_START) return;

  const content =
    contentEnd >= 0
      ? reader.bytes.subarray(contentStart, contentEnd)
      : new ProtobufReader(reader.bytes.subarray(contentStart, reader.pos), Code.INTERNAL).lengthPrefixed();
  const rollback = writer.pos;
  writer.uint32(tag);
  const mark = wireType === WireType.LENGTH ? writer.begin() : -1;
  const contentAt = writer.pos;
  let kept = true;
  if (isEntry) kept = writeEntry(content, field, selections, writer, depth);
  else if (message !== undefined) {
    writeSelected(content, message, selections, writer, depth + 1);
    // A Value without a kind is none, and could not be printed.
    kept = message.typeName !== "google.protobuf.Value" || writer.pos > contentAt;
  }
  if (!kept) writer.pos = rollback;
  else if (mark >= 0) writer.end(mark);
  else writer.uint32(((tag & ~7) | WireType.GROUP_END) >>> 0);
}

/** Appends the content of a map entry whose key is selected; false where nothing of it is. */
function writeEntry(
  entry: Uint8Array,
  field: DescField & { readonly fieldKind: "map" },
  selections: readonly Selection[],
  writer: ProtobufWriter,
  depth: number,
): boolean {
  const inside = insideKeys(selections, [keyOf(entry, field.mapKey)]);
  if (inside.some(({ whole }) => whole)) {
    writer.raw(entry);
    return true;
  }
  const { message } = field;
  if (inside.length === 0 || message === undefined || isOpaque(message)) return false;
  const reader = new ProtobufReader(entry, Code.INTERNAL);
  let kept = message.typeName !== "google.protobuf.Value";
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    if (tag >>> 3 === 2 && (tag & 7) === WireType.LENGTH) {
      const content = reader.lengthPrefixed();
      writer.uint32(tag);
      const mark = writer.begin();
      const contentAt = writer.pos;
      writeSelected(content, message, inside, writer, depth + 1);
      kept ||= writer.pos > contentAt;
      writer.end(mark);
    } else {
      reader.skip(tag);
      writer.rawRange(entry, start, reader.pos);
    }
  }
  return kept;
}

/** The key of a map entry as JSON spells it. */
function keyOf(entry: Uint8Array, type: ScalarType): string {
  const reader = new ProtobufReader(entry, Code.INTERNAL);
  let key = type === ScalarType.STRING ? "" : type === ScalarType.BOOL ? "false" : "0";
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 === 1) key = readKey(reader, tag, type) ?? key;
    else reader.skip(tag);
  }
  return key;
}

function readKey(reader: ProtobufReader, tag: number, type: ScalarType): string | undefined {
  const signed = type === ScalarType.INT32 || type === ScalarType.INT64;
  switch (tag & 7) {
    case WireType.LENGTH:
      return reader.string();
    case WireType.VARINT:
      if (type === ScalarType.BOOL) return String(reader.bool());
      if (type === ScalarType.SINT32 || type === ScalarType.SINT64) reader.sint64();
      else reader.varint64();
      return String(
        signed || type === ScalarType.SINT32 || type === ScalarType.SINT64
          ? reader.toInt64()
          : reader.toUint64(),
      );
    case WireType.FIXED32: {
      const value = reader.fixed32();
      return String(type === ScalarType.FIXED32 ? value >>> 0 : value);
    }
    case WireType.FIXED64:
      reader.fixed64();
      return String(type === ScalarType.FIXED64 ? reader.toUint64() : reader.toInt64());
    default:
      reader.skip(tag);
      return undefined;
  }
}

/** Deeper than any reply that can be printed; lists of lists in a Value nest without a name. */
const maxDepth = 256;

const numbersOf = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsByNumber(desc: DescMessage): ReadonlyMap<number, DescField> {
  let fields = numbersOf.get(desc);
  if (fields === undefined) {
    fields = new Map(desc.fields.map((field) => [field.number, field]));
    numbersOf.set(desc, fields);
  }
  return fields;
}
