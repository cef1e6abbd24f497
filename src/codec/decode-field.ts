// Decoders of the fields of a message: singular, repeated and map, with their tags.
// Source: ProtoJSON, "repeated" and "map"; editions features for packing and delimited encoding come with the descriptor.
import { type DescExtension, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { WireType } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import { compileEnumDecoder, isNullValue } from "./decode-enum.ts";
import { mapKeyDecoder } from "./decode-map-key.ts";
import type { FieldDecoder, MessageDecoder } from "./decode-message.ts";
import { scalarDecoder } from "./decode-scalar.ts";
import { type DecodeState, type DecodeValue, IGNORED, WRITTEN, WRITTEN_DEFAULT } from "./decode-state.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";

/** What compiling a field needs of its surroundings. */
export interface DecodeContext {
  readonly options: JsonOptions;
  /** The decoder of a message type; may not be compiled yet, so that types can contain themselves. */
  message(desc: DescMessage): MessageDecoder;
}

/** Compiles the decoder of one field. */
export function compileFieldDecoder(desc: DescField | DescExtension, context: DecodeContext): FieldDecoder {
  return {
    desc,
    number: desc.number,
    acceptsNull: desc.fieldKind !== "list" && desc.fieldKind !== "map" && acceptsNull(desc),
    read: compileRead(desc, context),
  };
}

/** Whether null is a value of the element type: of Value and of NullValue. */
function acceptsNull(desc: DescField | DescExtension): boolean {
  if (desc.enum !== undefined) return isNullValue(desc.enum);
  return desc.message?.typeName === "google.protobuf.Value";
}

function compileRead(desc: DescField | DescExtension, context: DecodeContext): (state: DecodeState) => void {
  switch (desc.fieldKind) {
    case "message":
      return desc.delimitedEncoding
        ? readDelimited(desc.number, context.message(desc.message))
        : readSubmessage(desc.number, context.message(desc.message));
    case "list":
      return compileList(desc, context);
    case "map":
      return compileMap(desc, context);
    default: {
      const value =
        desc.fieldKind === "enum"
          ? compileEnumDecoder(desc.enum, context.options)
          : scalarDecoder(desc.scalar);
      const tag = tagOf(desc.number, wireTypeOf(desc.fieldKind === "enum" ? ScalarType.INT32 : desc.scalar));
      const implicit = desc.presence === FeatureSet_FieldPresence.IMPLICIT;
      return (state) => {
        const writer = state.writer;
        const start = writer.pos;
        writer.uint32(tag);
        const done = value(state);
        if (done !== WRITTEN && (implicit || done === IGNORED)) writer.pos = start;
      };
    }
  }
}

function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** Reads a message that stands as length-prefixed record `number`. */
export function readSubmessage(number: number, message: MessageDecoder): (state: DecodeState) => void {
  const tag = tagOf(number, WireType.LENGTH);
  return (state) => {
    const writer = state.writer;
    writer.uint32(tag);
    const mark = writer.begin();
    message.read(state);
    writer.end(mark);
  };
}

/** A group of proto2, `DELIMITED` in editions. */
function readDelimited(number: number, message: MessageDecoder): (state: DecodeState) => void {
  const startTag = tagOf(number, WireType.GROUP_START);
  const endTag = tagOf(number, WireType.GROUP_END);
  return (state) => {
    state.writer.uint32(startTag);
    message.read(state);
    state.writer.uint32(endTag);
  };
}

/** Runs `element` for each element of an array. */
function readArray(
  state: DecodeState,
  expected: string,
  nulls: boolean,
  element: (state: DecodeState) => void,
): void {
  const scanner = state.scanner;
  if (scanner.peek() !== 0x5b) throw scanner.fail(scanner.pos, expected);
  scanner.pos++;
  if (!scanner.enters(0x5d)) return;
  do {
    if (scanner.peek() === 0x6e && !nulls) throw scanner.fail(scanner.pos, "an element that is not null");
    element(state);
  } while (scanner.more(0x5d));
}

function compileList(
  desc: (DescField | DescExtension) & { fieldKind: "list" },
  context: DecodeContext,
): (state: DecodeState) => void {
  const nulls = acceptsNull(desc);
  const expected = `an array of ${elementName(desc)}`;
  if (desc.listKind === "message") {
    const message = context.message(desc.message);
    const element = desc.delimitedEncoding
      ? readDelimited(desc.number, message)
      : readSubmessage(desc.number, message);
    return (state) => readArray(state, expected, nulls, element);
  }
  const value =
    desc.listKind === "enum" ? compileEnumDecoder(desc.enum, context.options) : scalarDecoder(desc.scalar);
  if (desc.packed) {
    const tag = tagOf(desc.number, WireType.LENGTH);
    return (state) => {
      const writer = state.writer;
      const start = writer.pos;
      writer.uint32(tag);
      const mark = writer.begin();
      readArray(state, expected, nulls, value);
      if (writer.pos === mark + 1) writer.pos = start;
      else writer.end(mark);
    };
  }
  const tag = tagOf(desc.number, wireTypeOf(desc.listKind === "enum" ? ScalarType.INT32 : desc.scalar));
  const element = (state: DecodeState): void => {
    const start = state.writer.pos;
    state.writer.uint32(tag);
    if (value(state) === IGNORED) state.writer.pos = start;
  };
  return (state) => readArray(state, expected, nulls, element);
}

function compileMap(
  desc: DescField & { fieldKind: "map" },
  context: DecodeContext,
): (state: DecodeState) => void {
  const tag = tagOf(desc.number, WireType.LENGTH);
  const nulls = acceptsNull(desc);
  const key = mapKeyDecoder(desc.mapKey);
  const keyTag = tagOf(1, wireTypeOf(desc.mapKey));
  const value = compileMapValue(desc, context);
  return (state) => {
    const { scanner, writer } = state;
    if (scanner.peek() !== 0x7b) throw scanner.fail(scanner.pos, "an object");
    scanner.pos++;
    if (!scanner.enters(0x7d)) return;
    do {
      const start = writer.pos;
      writer.uint32(tag);
      const mark = writer.begin();
      writer.uint32(keyTag);
      scanner.peek();
      const keyStart = scanner.pos;
      scanner.key();
      key(state, keyStart);
      scanner.colon();
      if (scanner.peek() === 0x6e && !nulls) throw scanner.fail(scanner.pos, "a value that is not null");
      // Repeated keys stay: in a map of the wire format the last entry wins, and replaces.
      if (value(state) === IGNORED) writer.pos = start;
      else writer.end(mark);
    } while (scanner.more(0x7d));
  };
}

function compileMapValue(desc: DescField & { fieldKind: "map" }, context: DecodeContext): DecodeValue {
  if (desc.mapKind === "message") {
    const read = readSubmessage(2, context.message(desc.message));
    return (state) => {
      read(state);
      return WRITTEN;
    };
  }
  const value =
    desc.mapKind === "enum" ? compileEnumDecoder(desc.enum, context.options) : scalarDecoder(desc.scalar);
  const tag = tagOf(2, wireTypeOf(desc.mapKind === "enum" ? ScalarType.INT32 : desc.scalar));
  return (state) => {
    state.writer.uint32(tag);
    return value(state) === IGNORED ? IGNORED : WRITTEN_DEFAULT;
  };
}

function elementName(desc: (DescField | DescExtension) & { fieldKind: "list" }): string {
  if (desc.listKind === "scalar") return ScalarType[desc.scalar].toLowerCase();
  return desc.listKind === "enum" ? desc.enum.typeName : desc.message.typeName;
}
