// A field of a message as the encoders see it: what its records look like and what several of them mean.
// Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins
import type { DescExtension, DescField } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";
import type { EncodeState } from "./encode-state.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";

/** A field of a message, compiled. */
export interface FieldEncoder {
  readonly number: number;
  readonly wireType: number;
  /** Whether a length-prefixed record holds many values of `wireType`. */
  readonly packable: boolean;
  /** How more than one record is understood: the last counts, they are merged, or each adds to the value. */
  readonly many: "last" | "merge" | "add";
  /** Fields with the same value here exclude each other. */
  readonly oneof: unknown;
  /** For a closed enum that is not repeated: the numbers it knows. Records with others count as unknown fields. */
  readonly known?: ReadonlySet<number> | undefined;
  /**
   * Prints comma, name and value. The reader stands after the tag of the first record; where `many` is `add`, the records
   * of the field that follow are consumed too.
   */
  encode(state: EncodeState, tag: number): void;
  /** Comma, name and default, for fields that are printed although they are not set; absent for the others. */
  readonly unset?: Uint8Array | undefined;
}

/** The fields of a message by number. */
export interface FieldTable {
  get(number: number): FieldEncoder | undefined;
}

/** Whether a record is one of the field; with another wire type it counts as an unknown field. */
export function accepts(field: FieldEncoder, tag: number): boolean {
  const wireType = tag & 7;
  return wireType === field.wireType || (field.packable && wireType === WireType.LENGTH);
}

/** The fields of a descriptor as an encoder takes them: what several records mean. */
export function manyOf(desc: DescField | DescExtension): FieldEncoder["many"] {
  if (desc.fieldKind === "list" || desc.fieldKind === "map") return "add";
  return desc.fieldKind === "message" ? "merge" : "last";
}

/** Whether the records of a repeated field may be packed; serializers of either kind are read. */
export function isPackable(desc: (DescField | DescExtension) & { fieldKind: "list" }): boolean {
  if (desc.listKind === "message") return false;
  return desc.listKind === "enum" || wireTypeOf(desc.scalar) !== WireType.LENGTH;
}

/** The wire type of a record of the field, not packed. */
export function fieldWireType(desc: DescField | DescExtension): number {
  if (desc.fieldKind === "map") return WireType.LENGTH;
  if (desc.message !== undefined) return desc.delimitedEncoding ? WireType.GROUP_START : WireType.LENGTH;
  return desc.enum !== undefined ? WireType.VARINT : wireTypeOf(desc.scalar);
}
