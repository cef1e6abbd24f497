// Encoders of repeated fields as JSON arrays. Records of a repeated scalar may be packed, not packed, or both.
// Source: https://protobuf.dev/programming-guides/encoding/#packed
import type { DescExtension, DescField } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";
import type { EncodeContext, FieldPlace, MessageEncoder } from "./encode-context.ts";
import { compileEnumEncoder, scalarEncoder } from "./encode-scalar.ts";
import { type EncodeState, PRINTED, UNKNOWN_VALUE } from "./encode-state.ts";
import { type FieldEncoder, fieldWireType, isPackable } from "./field-encoder.ts";

/** Prints the group whose start tag was just read. */
export function encodeGroup(state: EncodeState, tag: number, message: MessageEncoder): void {
  const reader = state.reader;
  const start = reader.pos;
  const contentEnd = reader.groupEnd(tag);
  const after = reader.pos;
  reader.pos = start;
  state.within(contentEnd, message.encode);
  reader.pos = after;
}

/** Compiles what prints a repeated field: name, array, and all records that follow each other. */
export function compileListEncoder(
  desc: (DescField | DescExtension) & { fieldKind: "list" },
  prefix: Uint8Array,
  place: FieldPlace,
  context: EncodeContext,
): FieldEncoder["encode"] {
  const number = desc.number;
  const wireType = fieldWireType(desc);
  const packable = isPackable(desc);
  const element = compileElement(desc, context);
  return (state, firstTag) => {
    const { reader, writer } = state;
    const start = writer.pos;
    writer.name(prefix);
    const opening = writer.pos;
    let tag = firstTag;
    for (;;) {
      if (packable && (tag & 7) === WireType.LENGTH) encodePacked(state, element);
      else encodeElement(state, tag, element);
      const before = reader.pos;
      if (before >= reader.end) break;
      tag = reader.tag();
      const isSame =
        tag >>> 3 === number && ((tag & 7) === wireType || (packable && (tag & 7) === WireType.LENGTH));
      if (isSame) continue;
      reader.pos = before;
      break;
    }
    if (writer.pos === opening && !place.printsDefault) writer.pos = start;
    else writer.close(opening, 0x5b);
  };
}

/** Reads one element, whose tag is given, and prints it. */
type EncodeElement = (state: EncodeState, tag: number) => number;

function encodeElement(state: EncodeState, tag: number, element: EncodeElement): void {
  const writer = state.writer;
  const start = writer.pos;
  writer.byte(0x2c);
  if (element(state, tag) === UNKNOWN_VALUE) writer.pos = start;
}

function encodePacked(state: EncodeState, element: EncodeElement): void {
  const reader = state.reader;
  const end = reader.lengthEnd();
  const outer = reader.end;
  reader.end = end;
  while (reader.pos < end) encodeElement(state, 0, element);
  reader.end = outer;
}

function compileElement(
  desc: (DescField | DescExtension) & { fieldKind: "list" },
  context: EncodeContext,
): EncodeElement {
  if (desc.listKind === "enum") return compileEnumEncoder(desc.enum, context.options);
  if (desc.listKind === "scalar") return scalarEncoder(desc.scalar, context.options);
  const message = context.message(desc.message);
  const { delimitedEncoding } = desc;
  return (state, tag) => {
    if (delimitedEncoding) encodeGroup(state, tag, message);
    else state.within(state.reader.lengthEnd(), message.encode);
    return PRINTED;
  };
}
