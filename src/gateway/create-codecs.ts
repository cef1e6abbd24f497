// The codecs of one schema, one for each set of JSON options that some method asks for: at most 32.
import type { Registry } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
import { createCodec } from "../codec/create-codec.ts";
import type { Dialect } from "../transcode/dialect.ts";

/** @returns the codec of a set of options, made when it is first asked for */
export function createCodecs(
  registry: Registry,
  { emitNulls }: Pick<Dialect, "emitNulls">,
): (json: JsonOptions) => Codec {
  const codecs = new Map<string, Codec>();
  return (json) => {
    const { unknownFields, emitDefaults, enumNumbers, protoNames, int64Numbers } = json;
    const options = { unknownFields, emitDefaults, enumNumbers, protoNames, int64Numbers, emitNulls };
    const key = JSON.stringify(options);
    const codec = codecs.get(key) ?? createCodec(registry, options);
    codecs.set(key, codec);
    return codec;
  };
}
