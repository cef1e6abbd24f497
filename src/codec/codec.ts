// The contract of the codec: JSON to protobuf binary and back, compiled once per message descriptor.
// Source: https://protobuf.dev/programming-guides/json/ (ProtoJSON).
import type { DescField, DescMessage } from "@bufbuild/protobuf";

export interface JsonOptions {
  /** Unknown JSON keys: INVALID_ARGUMENT with the path, or skipped. Default `refuse`: a typo should not be silent. */
  readonly unknownFields: "refuse" | "ignore";
  /** Prints fields that are not set, with their default. Default false. */
  readonly emitDefaults: boolean;
  /**
   * Under `emitDefaults`, prints `null` for fields that know whether they are set and are not, as Go's EmitUnpopulated
   * does: messages, proto2's optional and required, explicit presence of editions; not for members of a oneof, proto3's
   * optional and extensions. Default false: they are left out.
   */
  readonly emitNulls?: boolean;
  /** Prints names as in the .proto instead of lowerCamelCase. Default false. Both are read. */
  readonly protoNames: boolean;
  /** Prints enums as numbers. Default false. Both are read. */
  readonly enumNumbers: boolean;
  /** Prints 64-bit integers of magnitude up to 2^53 as JSON numbers. Default false. Both are read. */
  readonly int64Numbers: boolean;
}

export const defaultJsonOptions: JsonOptions = {
  unknownFields: "refuse",
  emitDefaults: false,
  protoNames: false,
  enumNumbers: false,
  int64Numbers: false,
};

/** JSON text in UTF-8 ⇄ protobuf binary, for one message type. */
export interface MessageCodec {
  readonly desc: DescMessage;
  /**
   * One JSON value to the binary message. Empty input is not JSON: the caller decides what no body means.
   * @throws RpcError INVALID_ARGUMENT naming field path, expected type and position (line 1, column 120)
   */
  decodeJson(json: Uint8Array): Uint8Array;
  /**
   * The binary message to compact JSON text.
   * @throws RpcError INTERNAL when the bytes are no such message; RESOURCE_EXHAUSTED when the text were over 256 MiB
   */
  encodeJson(message: Uint8Array): string;
  /** The same as UTF-8, which is what is written first: cheaper where bytes are wanted. */
  encodeJsonBytes(message: Uint8Array): Uint8Array;
}

/** JSON of one field of a message, for `body: "book"` and `response_body: "book"`. */
export interface FieldCodec {
  readonly desc: DescField;
  /** The JSON value of the field to tag and value bytes, to be concatenated into the enclosing message; null to nothing. */
  decodeJson(json: Uint8Array): Uint8Array;
  /**
   * Finds the field in the enclosing binary message and prints its value; its JSON default where it is not set: what an empty
   * message prints, `null` for a message with a JSON form of its own.
   */
  encodeJson(message: Uint8Array): string;
  encodeJsonBytes(message: Uint8Array): Uint8Array;
}

/** All codecs of one schema under one set of options. Compiles lazily, keeps what it compiled. */
export interface Codec {
  readonly options: JsonOptions;
  message(desc: DescMessage): MessageCodec;
  field(desc: DescField): FieldCodec;
}
