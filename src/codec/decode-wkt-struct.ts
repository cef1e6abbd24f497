// Decoders of google.protobuf.Struct, Value and ListValue: any JSON. Source: google/protobuf/struct.proto.
// Their field numbers are written out here: the types are part of protobuf, whatever a schema says of them.
import { WireType } from "../wire/protobuf-writer.ts";
import type { MessageDecoder } from "./decode-message.ts";
import { writeText } from "./decode-scalar.ts";
import type { DecodeState } from "./decode-state.ts";
import { customDecoder } from "./decode-wkt.ts";
import { readDouble } from "./read-number.ts";

const nullValue = (1 << 3) | WireType.VARINT;
const numberValue = (2 << 3) | WireType.FIXED64;
const stringValue = (3 << 3) | WireType.LENGTH;
const boolValue = (4 << 3) | WireType.VARINT;
const structValue = (5 << 3) | WireType.LENGTH;
const listValue = (6 << 3) | WireType.LENGTH;
/** `Struct.fields` and `ListValue.values`, and `key` and `value` of an entry. */
const first = (1 << 3) | WireType.LENGTH;
const second = (2 << 3) | WireType.LENGTH;

export const structDecoder: MessageDecoder = customDecoder(readStruct);
export const listValueDecoder: MessageDecoder = customDecoder(readList);
export const valueDecoder: MessageDecoder = customDecoder(readValue);

function readStruct(state: DecodeState): void {
  const { scanner, writer } = state;
  if (scanner.peek() !== 0x7b) throw scanner.fail(scanner.pos, "an object");
  scanner.pos++;
  if (!scanner.enters(0x7d)) return;
  do {
    writer.uint32(first);
    const entry = writer.begin();
    scanner.key();
    writer.uint32(first);
    writeText(state);
    scanner.colon();
    writer.uint32(second);
    const value = writer.begin();
    valueDecoder.read(state);
    writer.end(value);
    writer.end(entry);
  } while (scanner.more(0x7d));
}

function readList(state: DecodeState): void {
  const { scanner, writer } = state;
  if (scanner.peek() !== 0x5b) throw scanner.fail(scanner.pos, "an array");
  scanner.pos++;
  if (!scanner.enters(0x5d)) return;
  do {
    writer.uint32(first);
    const mark = writer.begin();
    valueDecoder.read(state);
    writer.end(mark);
  } while (scanner.more(0x5d));
}

function readValue(state: DecodeState): void {
  const { scanner, writer } = state;
  switch (scanner.peek()) {
    case 0x7b:
      readNested(state, structValue, readStruct);
      return;
    case 0x5b:
      readNested(state, listValue, readList);
      return;
    case 0x22:
      scanner.string();
      writer.uint32(stringValue);
      writeText(state);
      return;
    case 0x6e:
      scanner.literal("null");
      writer.uint32(nullValue);
      writer.uint32(0);
      return;
    case 0x74:
      scanner.literal("true");
      writer.uint32(boolValue);
      writer.bool(true);
      return;
    case 0x66:
      scanner.literal("false");
      writer.uint32(boolValue);
      writer.bool(false);
      return;
    default:
      writer.uint32(numberValue);
      writer.double(readDouble(state, "a JSON value"));
  }
}

function readNested(state: DecodeState, tag: number, read: (state: DecodeState) => void): void {
  const writer = state.writer;
  writer.uint32(tag);
  const mark = writer.begin();
  read(state);
  writer.end(mark);
}
