// The codecs that are compared: ours, protobuf-es and protobufjs, each from bytes to bytes as a gateway uses them.
import { type DescMessage, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../src/codec/codec.ts";
import { createCodec } from "../src/codec/create-codec.ts";
import { createProtobufjsCodecs } from "../test/codec/protobufjs-codec.ts";
import { type CompiledProto, compileProto } from "../test/support/compile-proto.ts";

/** The runtime that the ratios are about. */
export const yardstick = "protogate";

export interface Runtime {
  readonly name: string;
  decodeJson(json: Uint8Array): Uint8Array;
  encodeJson(message: Uint8Array): Uint8Array;
}

/** Gives the runtimes for any message of the schema, ours first. */
export function createRuntimes(proto: string): (typeName: string) => readonly Runtime[] {
  const compiled = compileProto({ "bench.proto": proto });
  const protobufjs = createProtobufjsCodecs(compiled.set);
  return (typeName) => {
    const desc = messageDesc(compiled, typeName);
    const ours = createCodec(compiled.registry, defaultJsonOptions).message(desc);
    const theirs = protobufjs(typeName);
    return [
      {
        name: yardstick,
        decodeJson: (json) => ours.decodeJson(json),
        encodeJson: (message) => ours.encodeJsonBytes(message),
      },
      {
        name: "protobuf-es",
        decodeJson: (json) => toBinary(desc, fromJsonString(desc, Buffer.from(json).toString())),
        encodeJson: (message) => Buffer.from(toJsonString(desc, fromBinary(desc, message))),
      },
      {
        name: "protobufjs",
        decodeJson: (json) => theirs.decodeJson(Buffer.from(json).toString()),
        encodeJson: (message) => Buffer.from(theirs.encodeJson(message)),
      },
    ];
  };
}

function messageDesc({ registry }: CompiledProto, typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}
