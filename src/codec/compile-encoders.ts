// All encoders of one schema: each message is compiled when it is first met, kept by its descriptor, and may contain
// itself, because what others hold of it exists before it is compiled.
import type { DescExtension, DescField, DescMessage } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import { hasCustomJson } from "./custom-json.ts";
import type { EncodeContext, MessageEncoder } from "./encode-context.ts";
import { compileFieldEncoder, memberPlace } from "./encode-field.ts";
import { compileRecords } from "./encode-records.ts";
import type { EncodeState } from "./encode-state.ts";
import { compileSmallWktEncoder } from "./encode-wkt.ts";
import { compileAnyEncoder } from "./encode-wkt-any.ts";
import { compileStructEncoders } from "./encode-wkt-struct.ts";
import { isMessageSet, itemsToRecords, setExtensions } from "./message-set.ts";

/** Creates what encoders are compiled with; `message` gives the encoder of any message type. */
export function createEncodeContext(
  resolve: (typeName: string) => DescMessage | undefined,
  extensions: ReadonlyMap<string, readonly DescExtension[]>,
  options: JsonOptions,
): EncodeContext {
  const encoders = new WeakMap<DescMessage, MessageEncoder>();
  const structs = compileStructEncoders(options);
  const context: EncodeContext = {
    options,
    message(desc) {
      let encoder = encoders.get(desc);
      if (encoder === undefined) {
        encoder = createLazyEncoder(() => compile(desc));
        encoders.set(desc, encoder);
      }
      return encoder;
    },
  };

  function compile(desc: DescMessage): MessageEncoder {
    switch (desc.typeName) {
      case "google.protobuf.Any":
        return compileAnyEncoder({ ...context, resolve, hasCustomJson });
      case "google.protobuf.Struct":
        return structs.struct;
      case "google.protobuf.Value":
        return structs.value;
      case "google.protobuf.ListValue":
        return structs.listValue;
    }
    const small = compileSmallWktEncoder(desc, options);
    if (small !== undefined) return small;
    const descs = [...desc.fields, ...(extensions.get(desc.typeName) ?? [])];
    const records = isMessageSet(desc) ? compileMessageSet(descs) : compileMembers(descs);
    return {
      encodeMembers(state) {
        records(state);
      },
      encode(state) {
        state.enter();
        const opening = state.writer.pos;
        records(state);
        state.writer.close(opening, 0x7b);
        state.leave();
      },
    };
  }

  function compileMembers(descs: readonly (DescField | DescExtension)[]): (state: EncodeState) => void {
    return compileRecords(
      descs.map((field) => compileFieldEncoder(field, memberPlace(field, options), context)),
    );
  }

  function compileMessageSet(descs: readonly (DescField | DescExtension)[]): (state: EncodeState) => void {
    const members = setExtensions(descs);
    const numbers = new Map(members.map((extension, index) => [extension.number, index + 1]));
    const records = compileRecords(
      members.map((extension, index) => ({
        ...compileFieldEncoder(extension, memberPlace(extension, options), context),
        number: index + 1,
      })),
    );
    return (state) => {
      state.on(itemsToRecords(state.reader, numbers), records);
      state.reader.pos = state.reader.end;
    };
  }

  return context;
}

/** An encoder that compiles itself on first use and from then on is two calls away from the compiled one. */
function createLazyEncoder(compile: () => MessageEncoder): MessageEncoder {
  let compiled: MessageEncoder | undefined;
  return {
    encode(state) {
      compiled ??= compile();
      compiled.encode(state);
    },
    encodeMembers(state) {
      compiled ??= compile();
      compiled.encodeMembers(state);
    },
  };
}
