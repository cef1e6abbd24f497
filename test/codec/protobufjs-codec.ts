// protobufjs as a codec between JSON text and binary, for the oracle test and the benchmark. Only for schemas of our own:
// it builds source text from descriptors.
import protobufjs from "protobufjs";
import "protobufjs/ext/descriptor.js";
import protojson from "protobufjs/ext/protojson.js";

protojson.install();

export interface ProtobufjsCodec {
  decodeJson(json: string): Uint8Array;
  encodeJson(message: Uint8Array): string;
}

/** Gives the codec of any message of a FileDescriptorSet. */
export function createProtobufjsCodecs(set: Uint8Array): (typeName: string) => ProtobufjsCodec {
  const root = protobufjs.Root.fromDescriptor(set).resolveAll();
  return (typeName) => {
    const type = root.lookupType(typeName);
    return {
      decodeJson: (json) => type.encode(type.fromJsonString(json)).finish(),
      encodeJson: (message) => type.toJsonString(type.decode(message)),
    };
  };
}
