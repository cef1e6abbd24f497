// All decoders of one schema: each message is compiled when it is first met, kept by its descriptor, and may contain
// itself, because what others hold of it exists before it is compiled.
import type { DescExtension, DescField, DescMessage } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import { hasCustomJson } from "./custom-json.ts";
import { compileFieldDecoder, type DecodeContext, readSubmessage } from "./decode-field.ts";
import { compileMessageDecoder, type MessageDecoder } from "./decode-message.ts";
import { compileSmallWktDecoder } from "./decode-wkt.ts";
import { compileAnyDecoder } from "./decode-wkt-any.ts";
import { listValueDecoder, structDecoder, valueDecoder } from "./decode-wkt-struct.ts";
import { isMessageSet, recordsToItems, setExtensions } from "./message-set.ts";

/** Creates what decoders are compiled with; `message` gives the decoder of any message type. */
export function createDecodeContext(
  resolve: (typeName: string) => DescMessage | undefined,
  extensions: ReadonlyMap<string, readonly DescExtension[]>,
  options: JsonOptions,
): DecodeContext {
  const decoders = new WeakMap<DescMessage, MessageDecoder>();
  const context: DecodeContext = {
    options,
    message(desc) {
      let decoder = decoders.get(desc);
      if (decoder === undefined) {
        decoder = createLazyDecoder(() => compile(desc));
        decoders.set(desc, decoder);
      }
      return decoder;
    },
  };

  function compile(desc: DescMessage): MessageDecoder {
    switch (desc.typeName) {
      case "google.protobuf.Any":
        return compileAnyDecoder({
          options,
          resolve,
          message: context.message,
          hasCustomJson,
        });
      case "google.protobuf.Struct":
        return structDecoder;
      case "google.protobuf.Value":
        return valueDecoder;
      case "google.protobuf.ListValue":
        return listValueDecoder;
    }
    const small = compileSmallWktDecoder(desc);
    if (small !== undefined) return small;
    const descs = [...desc.fields, ...(extensions.get(desc.typeName) ?? [])];
    if (isMessageSet(desc)) return compileMessageSet(desc, descs);
    const fields = descs.map((field) => compileFieldDecoder(field, context));
    return compileMessageDecoder(desc, fields, options);
  }

  function compileMessageSet(
    desc: DescMessage,
    descs: readonly (DescField | DescExtension)[],
  ): MessageDecoder {
    const members = setExtensions(descs);
    const typeIds = members.map((extension) => extension.number);
    const fields = members.map((extension, index) => ({
      ...compileFieldDecoder(extension, context),
      number: index + 1,
      read: readSubmessage(index + 1, context.message(extension.message)),
    }));
    const records = compileMessageDecoder(desc, fields, options);
    return {
      read(state) {
        const start = state.writer.pos;
        records.read(state);
        recordsToItems(state.writer, start, typeIds);
      },
      readMembers(state, skipType) {
        const start = state.writer.pos;
        records.readMembers(state, skipType);
        recordsToItems(state.writer, start, typeIds);
      },
    };
  }

  return context;
}

/** A decoder that compiles itself on first use and from then on is two calls away from the compiled one. */
function createLazyDecoder(compile: () => MessageDecoder): MessageDecoder {
  let compiled: MessageDecoder | undefined;
  return {
    read(state) {
      compiled ??= compile();
      compiled.read(state);
    },
    readMembers(state, skipType) {
      compiled ??= compile();
      compiled.readMembers(state, skipType);
    },
  };
}
