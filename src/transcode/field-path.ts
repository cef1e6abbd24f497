// Field paths such as `book.author.name`, resolved to descriptors once, and written as the nested submessages that
// carry a value to its place. Parsers merge submessages of one field, so each value may bring its own.
// Source: google/api/http.proto ("FieldPath"); https://protobuf.dev/programming-guides/encoding/#last-one-wins
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";

/** Singular message fields on the way, then the field itself. */
export interface FieldPath {
  readonly ancestors: readonly DescField[];
  readonly leaf: DescField;
}

const namesOf = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The fields of a message by proto name and by JSON name; where they collide, the proto name wins. */
export function fieldsByName(desc: DescMessage): ReadonlyMap<string, DescField> {
  const known = namesOf.get(desc);
  if (known !== undefined) return known;
  const names = new Map<string, DescField>();
  for (const field of desc.fields) names.set(field.jsonName, field);
  for (const field of desc.fields) names.set(field.name, field);
  namesOf.set(desc, names);
  return names;
}

/** Resolves proto names from a message down; a reason where they name nothing or lead through no singular message. */
export function resolveFieldPath(desc: DescMessage, names: readonly string[]): FieldPath | string {
  const ancestors: DescField[] = [];
  let message = desc;
  for (const [index, name] of names.entries()) {
    const field = message.fields.find((candidate) => candidate.name === name);
    if (field === undefined) return missingField(message, name);
    if (index === names.length - 1) return { ancestors, leaf: field };
    if (field.fieldKind !== "message")
      return `"${name}" is ${fieldType(field)}, which has no fields of its own`;
    ancestors.push(field);
    message = field.message;
  }
  return "an empty field path";
}

export function missingField(desc: DescMessage, name: string): string {
  const meant = desc.fields.find((field) => field.jsonName === name);
  const hint = meant === undefined ? "" : `; its proto name is "${meant.name}"`;
  return `no field ${JSON.stringify(name)} in ${desc.typeName}${hint}`;
}

/** `book.author.name` */
export function fieldPathName(path: FieldPath): string {
  return [...path.ancestors, path.leaf].map((field) => field.name).join(".");
}

/** Field numbers, `1.4.2`: the same for every spelling of a path. */
export function fieldPathKey(path: FieldPath): string {
  return [...path.ancestors, path.leaf].map((field) => field.number).join(".");
}

/** Whether one key of `fieldPathKey` is the other or lies inside of it. */
export function keysOverlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/** Whether two paths part at two members of one oneof, so that the later would unset the earlier. */
export function areRivals(a: FieldPath, b: FieldPath): boolean {
  const [fieldsA, fieldsB] = [
    [...a.ancestors, a.leaf],
    [...b.ancestors, b.leaf],
  ];
  const at = fieldsA.findIndex((field, index) => field !== fieldsB[index]);
  const oneof = fieldsA[at]?.oneof;
  return oneof !== undefined && oneof === fieldsB[at]?.oneof;
}

/** The fields that a body must not set where a path is bound: what a later value would not overwrite, and its rivals. */
export function replacedFields({ ancestors, leaf }: FieldPath): readonly (readonly DescField[])[] {
  const fields = [...ancestors, leaf];
  // Scalars are overwritten by a later value; repeated fields and messages would grow by it.
  const replaced = leaf.message !== undefined || leaf.fieldKind === "list" ? [fields] : [];
  for (const [depth, field] of fields.entries()) {
    for (const rival of field.oneof?.fields ?? []) {
      if (rival !== field) replaced.push([...fields.slice(0, depth), rival]);
    }
  }
  return replaced;
}

/** `int64`, `demo.Book`, `repeated string`, `map<string, demo.Book>`. */
export function fieldType(field: DescField): string {
  switch (field.fieldKind) {
    case "scalar":
      return scalarName(field.scalar);
    case "enum":
      return field.enum.typeName;
    case "message":
      return field.message.typeName;
    case "list":
      return `repeated ${elementType(field)}`;
    case "map":
      return `map<${scalarName(field.mapKey)}, ${elementType(field)}>`;
  }
}

function elementType(field: DescField): string {
  if (field.scalar !== undefined) return scalarName(field.scalar);
  return (field.message ?? field.enum)?.typeName ?? "";
}

export function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

/**
 * Appends a value inside of its ancestors.
 * @returns false where the text does not parse; what was appended by then is the caller's to take back
 */
export function writeNested(
  writer: ProtobufWriter,
  ancestors: readonly DescField[],
  leaf: { write(text: string, writer: ProtobufWriter): boolean },
  text: string,
  depth = 0,
): boolean {
  const ancestor = ancestors[depth];
  if (ancestor === undefined) return leaf.write(text, writer);
  const close = openSubmessage(writer, ancestor);
  const written = writeNested(writer, ancestors, leaf, text, depth + 1);
  closeSubmessage(writer, ancestor, close);
  return written;
}

/** Opens the submessage of a message field, in the encoding that the field has; the mark is for `closeSubmessage`. */
export function openSubmessage(writer: ProtobufWriter, field: DescField): number {
  if (isDelimited(field)) {
    writer.tag(field.number, WireType.GROUP_START);
    return -1;
  }
  writer.tag(field.number, WireType.LENGTH);
  return writer.begin();
}

export function closeSubmessage(writer: ProtobufWriter, field: DescField, mark: number): void {
  if (mark < 0) writer.tag(field.number, WireType.GROUP_END);
  else writer.end(mark);
}

/** Groups of proto2 and `features.message_encoding = DELIMITED` of editions. */
function isDelimited(field: DescField): boolean {
  if (field.fieldKind === "message") return field.delimitedEncoding;
  return field.fieldKind === "list" && field.listKind === "message" && field.delimitedEncoding;
}
