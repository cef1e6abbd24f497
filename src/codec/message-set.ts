// Messages with `message_set_wire_format`, the ancestor of extensions: each extension is a group of type id and message.
// Inside the codec they are ordinary messages whose fields are numbered from 1 as the extensions are listed: a type id may
// be larger than a field number. In JSON there is no difference either.
// Source: google/protobuf/descriptor.proto, MessageOptions.message_set_wire_format.
import type { DescExtension, DescField, DescMessage } from "@bufbuild/protobuf";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";

/** `repeated group Item = 1 { required uint32 type_id = 2; required bytes message = 3; }` */
const itemStart = (1 << 3) | WireType.GROUP_START;
const itemEnd = (1 << 3) | WireType.GROUP_END;
const typeIdTag = (2 << 3) | WireType.VARINT;
const messageTag = (3 << 3) | WireType.LENGTH;

/** An extension that a message set may hold. */
export type SetExtension = DescExtension & { readonly fieldKind: "message" };

export function isMessageSet(desc: DescMessage): boolean {
  return desc.proto.options?.messageSetWireFormat === true;
}

/** The extensions that are messages; there is no form for others, and protoc refuses them. */
export function setExtensions(descs: readonly (DescField | DescExtension)[]): SetExtension[] {
  return descs.filter((desc) => desc.kind === "extension" && desc.fieldKind === "message") as SetExtension[];
}

/**
 * The message set from the reader's position to its end as a message with field `numbers.get(typeId)`. Does not move the
 * reader. Extensions that nobody knows are left out, as unknown fields are.
 * @throws RpcError when the bytes are malformed
 */
export function itemsToRecords(reader: ProtobufReader, numbers: ReadonlyMap<number, number>): Uint8Array {
  const start = reader.pos;
  const writer = new ProtobufWriter(reader.end - start + 16);
  const record = (typeId: number, message: Uint8Array): void => {
    const number = numbers.get(typeId);
    if (number === undefined) return;
    writer.tag(number, WireType.LENGTH);
    writer.lengthPrefixed(message);
  };
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    // An extension in the form of an ordinary field is read too, as protobuf's own parsers do.
    if ((tag & 7) === WireType.LENGTH) record(tag >>> 3, reader.lengthPrefixed());
    else if (tag === itemStart) readItem(reader, record);
    else reader.skip(tag);
  }
  reader.pos = start;
  return writer.finish();
}

/** Reads an item, whose start tag was just read. Its parts may come in any order. */
function readItem(reader: ProtobufReader, record: (typeId: number, message: Uint8Array) => void): void {
  const start = reader.pos;
  const contentEnd = reader.groupEnd(itemStart);
  const after = reader.pos;
  const messages: Uint8Array[] = [];
  let typeId: number | undefined;
  reader.pos = start;
  while (reader.pos < contentEnd) {
    const tag = reader.tag();
    if (tag === typeIdTag && typeId === undefined) typeId = reader.uint32();
    else if (tag === messageTag) messages.push(reader.lengthPrefixed());
    else reader.skip(tag);
  }
  reader.pos = after;
  if (typeId !== undefined) for (const message of messages) record(typeId, message);
}

/** Turns the records that were written from `start` on into items; `typeIds[0]` is the type id of field 1. */
export function recordsToItems(writer: ProtobufWriter, start: number, typeIds: readonly number[]): void {
  if (writer.pos === start) return;
  const reader = new ProtobufReader(writer.bytes.slice(start, writer.pos));
  writer.pos = start;
  while (reader.pos < reader.end) {
    const number = reader.tag() >>> 3;
    writer.uint32(itemStart);
    writer.uint32(typeIdTag);
    writer.uint32(typeIds[number - 1] ?? 0);
    writer.uint32(messageTag);
    writer.lengthPrefixed(reader.lengthPrefixed());
    writer.uint32(itemEnd);
  }
}
