// Encoders of google.protobuf.Struct, Value and ListValue as the JSON they stand for. Source: google/protobuf/struct.proto.
// They are tables of records like any message, except that the one field of each prints a bare value.
import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import type { MessageEncoder } from "./encode-context.ts";
import { compileMapEncoder } from "./encode-map.ts";
import { compileRecords } from "./encode-records.ts";
import { scalarEncoder } from "./encode-scalar.ts";
import { type EncodeState, PRINTED } from "./encode-state.ts";
import { customEncoder } from "./encode-wkt.ts";
import type { FieldEncoder } from "./field-encoder.ts";
import { printDouble } from "./print-number.ts";

export interface StructEncoders {
  readonly struct: MessageEncoder;
  readonly value: MessageEncoder;
  readonly listValue: MessageEncoder;
}

/** Compiles the three together, because they contain each other. */
export function compileStructEncoders(options: JsonOptions): StructEncoders {
  const entries = compileMapEncoder(
    {
      number: 1,
      keyType: ScalarType.STRING,
      valueWireType: WireType.LENGTH,
      value: (state) => {
        state.within(state.reader.lengthEnd(), encodeValue);
        return PRINTED;
      },
      missingValue: (state) => state.writer.ascii("null"),
      merges: true,
    },
    options,
  );
  const structRecords = compileRecords([field(1, WireType.LENGTH, "add", entries)]);
  const listRecords = compileRecords([field(1, WireType.LENGTH, "add", encodeElements)]);
  // "kind" stands for the oneof.
  const valueRecords = compileRecords([
    field(1, WireType.VARINT, "last", encodeNull, "kind"),
    field(2, WireType.FIXED64, "last", encodeNumber, "kind"),
    field(3, WireType.LENGTH, "last", scalarEncoder(ScalarType.STRING, options), "kind"),
    field(4, WireType.VARINT, "last", scalarEncoder(ScalarType.BOOL, options), "kind"),
    field(
      5,
      WireType.LENGTH,
      "merge",
      (state) => state.within(state.reader.lengthEnd(), encodeStruct),
      "kind",
    ),
    field(6, WireType.LENGTH, "merge", (state) => state.within(state.reader.lengthEnd(), encodeList), "kind"),
  ]);

  function encodeStruct(state: EncodeState): void {
    orElse(state, structRecords, "{}");
  }

  function encodeList(state: EncodeState): void {
    orElse(state, listRecords, "[]");
  }

  function encodeValue(state: EncodeState): void {
    state.enter();
    // A Value without a kind is an error by its comment; it is printed as null so that one does not spoil a reply.
    orElse(state, valueRecords, "null");
    state.leave();
  }

  function encodeElements(state: EncodeState): void {
    const { reader, writer } = state;
    const opening = writer.pos;
    for (;;) {
      writer.byte(0x2c);
      state.within(reader.lengthEnd(), encodeValue);
      const before = reader.pos;
      if (before >= reader.end) break;
      if (reader.tag() === ((1 << 3) | WireType.LENGTH)) continue;
      reader.pos = before;
      break;
    }
    writer.close(opening, 0x5b);
  }

  return {
    struct: customEncoder(encodeStruct),
    listValue: customEncoder(encodeList),
    value: { ...customEncoder(encodeValue), encode: encodeValue },
  };
}

function field(
  number: number,
  wireType: number,
  many: FieldEncoder["many"],
  encode: (state: EncodeState) => void,
  oneof?: string,
): FieldEncoder {
  return { number, wireType, packable: false, many, oneof, encode };
}

/** Prints the records, or `empty` where they print nothing. */
function orElse(state: EncodeState, records: (state: EncodeState) => void, empty: string): void {
  const start = state.writer.pos;
  records(state);
  if (state.writer.pos === start) state.writer.ascii(empty);
}

function encodeNull(state: EncodeState): void {
  state.reader.varint64();
  state.writer.ascii("null");
}

function encodeNumber(state: EncodeState): void {
  const value = state.reader.double();
  if (!Number.isFinite(value)) throw state.unprintable(`google.protobuf.Value of ${value}`);
  printDouble(state.writer, value);
}
