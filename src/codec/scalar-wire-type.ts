// The wire type of each scalar type. Source: https://protobuf.dev/programming-guides/encoding/#structure
import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";

/** The wire type of an unpacked value. */
export function wireTypeOf(type: ScalarType): number {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.FIXED64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.FIXED32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LENGTH;
    default:
      return WireType.VARINT;
  }
}
