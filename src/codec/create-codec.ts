// The codec of one schema: hands out the compiled codecs of messages and fields.
// Source: ProtoJSON; semantics.md "Body" and "Responses".
import {
  createRegistry,
  type DescExtension,
  type DescField,
  type DescMessage,
  type Registry,
} from "@bufbuild/protobuf";
import {
  AnySchema,
  DurationSchema,
  EmptySchema,
  FieldMaskSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import type { Codec, FieldCodec, JsonOptions, MessageCodec } from "./codec.ts";
import { createDecodeContext } from "./compile-decoders.ts";
import { createEncodeContext } from "./compile-encoders.ts";
import { compileFieldDecoder } from "./decode-field.ts";
import { DecodeState } from "./decode-state.ts";
import { compileSingleField } from "./encode-single-field.ts";
import { EncodeState, notInOrder } from "./encode-state.ts";

/** Types that an Any may contain whether or not the schema has them: every protobuf runtime knows them. */
const wellKnownTypes = createRegistry(
  AnySchema,
  DurationSchema,
  EmptySchema,
  FieldMaskSchema,
  TimestampSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
);

/**
 * Creates the codec of a schema. Types are compiled when first used; `registry` resolves what an Any contains and which
 * extensions there are.
 */
export function createCodec(registry: Registry, options: JsonOptions): Codec {
  const extensions = extensionsByMessage(registry);
  const resolve = (typeName: string): DescMessage | undefined =>
    registry.getMessage(typeName) ?? wellKnownTypes.getMessage(typeName);
  const decoding = createDecodeContext(resolve, extensions, options);
  const encoding = createEncodeContext(resolve, extensions, options);
  const decodeState = new DecodeState();
  const encodeState = new EncodeState();
  const messages = new WeakMap<DescMessage, MessageCodec>();
  const fields = new WeakMap<DescField, FieldCodec>();

  function createMessageCodec(desc: DescMessage): MessageCodec {
    const decoder = decoding.message(desc);
    const encoder = encoding.message(desc);
    return {
      desc,
      decodeJson: (json) => runDecoder(decodeState, json, decoder.read),
      encodeJson: (message) => runEncoder(encodeState, message, encoder.encode, finishString),
      encodeJsonBytes: (message) => runEncoder(encodeState, message, encoder.encode, finishBytes),
    };
  }

  function createFieldCodec(desc: DescField): FieldCodec {
    const decoder = compileFieldDecoder(desc, decoding);
    const encode = compileSingleField(desc, encoding);
    const read = (state: DecodeState): void => {
      const scanner = state.scanner;
      if (scanner.peek() === 0x6e && !decoder.acceptsNull) scanner.literal("null");
      else decoder.read(state);
    };
    return {
      desc,
      decodeJson: (json) => runDecoder(decodeState, json, read),
      encodeJson: (message) => runEncoder(encodeState, message, encode, finishString),
      encodeJsonBytes: (message) => runEncoder(encodeState, message, encode, finishBytes),
    };
  }

  return {
    options,
    message(desc) {
      let codec = messages.get(desc);
      if (codec === undefined) {
        codec = createMessageCodec(desc);
        messages.set(desc, codec);
      }
      return codec;
    },
    field(desc) {
      let codec = fields.get(desc);
      if (codec === undefined) {
        codec = createFieldCodec(desc);
        fields.set(desc, codec);
      }
      return codec;
    },
  };
}

/** The extensions of a schema by the name of the message they extend. */
function extensionsByMessage(registry: Registry): Map<string, DescExtension[]> {
  const extensions = new Map<string, DescExtension[]>();
  for (const desc of registry) {
    if (desc.kind !== "extension") continue;
    const known = extensions.get(desc.extendee.typeName);
    if (known === undefined) extensions.set(desc.extendee.typeName, [desc]);
    else known.push(desc);
  }
  return extensions;
}

function runDecoder(state: DecodeState, json: Uint8Array, read: (state: DecodeState) => void): Uint8Array {
  try {
    state.open(json);
    read(state);
    return state.finish();
  } finally {
    state.close();
  }
}

const finishString = (state: EncodeState): string => state.writer.finish();
const finishBytes = (state: EncodeState): Uint8Array => state.writer.finishBytes();

function runEncoder<T>(
  state: EncodeState,
  message: Uint8Array,
  encode: (state: EncodeState) => void,
  finish: (state: EncodeState) => T,
): T {
  try {
    state.open(message, false);
    encode(state);
    return finish(state);
  } catch (reason) {
    if (reason !== notInOrder) throw reason;
    // At most once: in careful mode every message is put in order before it is read.
    state.open(message, true);
    encode(state);
    return finish(state);
  } finally {
    state.close();
  }
}
