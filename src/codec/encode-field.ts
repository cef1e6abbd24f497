// Encoders of the fields of a message as JSON members: singular, repeated and map.
// Source: ProtoJSON; records of a repeated scalar may be packed, not packed, or both.
import type { DescExtension, DescField } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { WireType } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import { keyOf } from "./decode-message.ts";
import type { EncodeContext, FieldPlace } from "./encode-context.ts";
import { compileListEncoder, encodeGroup } from "./encode-list.ts";
import { compileMapEncoder } from "./encode-map.ts";
import { compileEnumEncoder, scalarEncoder } from "./encode-scalar.ts";
import {
  type EncodeState,
  type EncodeValue,
  PRINTED,
  PRINTED_DEFAULT,
  UNKNOWN_VALUE,
} from "./encode-state.ts";
import { type FieldEncoder, fieldWireType, isPackable, manyOf } from "./field-encoder.ts";
import { defaultJson, enumDefaultJson, scalarDefaultJson } from "./json-default.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";

const textEncoder = new TextEncoder();

/** The place of a field as a member of its message's object. */
export function memberPlace(desc: DescField | DescExtension, options: JsonOptions): FieldPlace {
  const name = options.protoNames && desc.kind === "field" ? desc.name : keyOf(desc);
  return { prefix: `,${JSON.stringify(name)}:`, printsDefault: options.emitDefaults };
}

/** Compiles the encoder of one field. */
export function compileFieldEncoder(
  desc: DescField | DescExtension,
  place: FieldPlace,
  context: EncodeContext,
): FieldEncoder {
  const prefix = textEncoder.encode(place.prefix);
  const unset = place.printsDefault ? unsetJson(desc, context.options) : undefined;
  return {
    number: desc.number,
    wireType: fieldWireType(desc),
    packable: desc.fieldKind === "list" && isPackable(desc),
    many: manyOf(desc),
    oneof: desc.oneof,
    known: desc.fieldKind === "enum" ? closedNumbers(desc) : undefined,
    unset: unset === undefined ? undefined : textEncoder.encode(place.prefix + unset),
    encode: compileEncode(desc, prefix, place, context),
  };
}

/** What is printed for a field that is not set, where defaults are printed; undefined where nothing is. */
function unsetJson(desc: DescField | DescExtension, options: JsonOptions): string | undefined {
  if (desc.kind !== "field") return undefined;
  if (desc.presence === FeatureSet_FieldPresence.IMPLICIT || manyOf(desc) === "add") {
    return defaultJson(desc, options);
  }
  // In Go proto3's optional is in a oneof of its own.
  const inOneof = desc.oneof !== undefined || desc.proto.proto3Optional;
  return options.emitNulls === true && !inOneof ? "null" : undefined;
}

function closedNumbers(desc: DescField | DescExtension): ReadonlySet<number> | undefined {
  if (desc.enum === undefined || desc.enum.open) return undefined;
  return new Set(desc.enum.values.map((value) => value.number));
}

function compileEncode(
  desc: DescField | DescExtension,
  prefix: Uint8Array,
  place: FieldPlace,
  context: EncodeContext,
): FieldEncoder["encode"] {
  switch (desc.fieldKind) {
    case "list":
      return compileListEncoder(desc, prefix, place, context);
    case "map": {
      const entries = compileMap(desc, context);
      return (state) => {
        state.writer.name(prefix);
        entries(state);
      };
    }
    case "message": {
      const message = context.message(desc.message);
      const { delimitedEncoding } = desc;
      return (state, tag) => {
        state.writer.name(prefix);
        if (delimitedEncoding) encodeGroup(state, tag, message);
        else state.within(state.reader.lengthEnd(), message.encode);
      };
    }
    default: {
      const value =
        desc.fieldKind === "enum"
          ? compileEnumEncoder(desc.enum, context.options)
          : scalarEncoder(desc.scalar, context.options);
      const leavesOutDefault = !place.printsDefault && desc.presence === FeatureSet_FieldPresence.IMPLICIT;
      return (state) => {
        const writer = state.writer;
        const start = writer.pos;
        writer.name(prefix);
        const outcome = value(state);
        if (outcome !== PRINTED && (leavesOutDefault || outcome === UNKNOWN_VALUE)) writer.pos = start;
      };
    }
  }
}

function compileMap(
  desc: DescField & { fieldKind: "map" },
  context: EncodeContext,
): (state: EncodeState) => void {
  const { options } = context;
  const base = { number: desc.number, keyType: desc.mapKey };
  switch (desc.mapKind) {
    case "message": {
      const message = context.message(desc.message);
      const value: EncodeValue = (state) => {
        state.within(state.reader.lengthEnd(), message.encode);
        return PRINTED_DEFAULT;
      };
      const missingValue = (state: EncodeState): void => state.within(state.reader.pos, message.encode);
      return compileMapEncoder(
        { ...base, valueWireType: WireType.LENGTH, value, missingValue, merges: true },
        options,
      );
    }
    case "enum": {
      const missing = enumDefaultJson(desc.enum, options);
      return compileMapEncoder(
        {
          ...base,
          valueWireType: WireType.VARINT,
          value: compileEnumEncoder(desc.enum, options),
          missingValue: (state) => state.writer.name(textEncoder.encode(missing)),
          merges: false,
          known: closedNumbers(desc),
        },
        options,
      );
    }
    case "scalar": {
      const missing = scalarDefaultJson(desc.scalar, options);
      return compileMapEncoder(
        {
          ...base,
          valueWireType: wireTypeOf(desc.scalar),
          value: scalarEncoder(desc.scalar, options),
          missingValue: (state) => state.writer.ascii(missing),
          merges: false,
        },
        options,
      );
    }
  }
}
