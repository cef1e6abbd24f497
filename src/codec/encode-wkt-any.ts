// The encoder of google.protobuf.Any: "@type" and the members of the message, or "value" where it has a JSON form of its
// own. Source: google/protobuf/any.proto, "JSON". A type that the schema does not know is kept as base64 in "value":
// an error detail of a newer backend must not turn the whole reply into an error.
import type { DescMessage } from "@bufbuild/protobuf";
import { WireType } from "../wire/protobuf-writer.ts";
import type { EncodeContext, MessageEncoder } from "./encode-context.ts";
import { customEncoder } from "./encode-wkt.ts";

export interface AnyEncodeContext extends EncodeContext {
  resolve(typeName: string): DescMessage | undefined;
  hasCustomJson(desc: DescMessage): boolean;
}

const typeUrlTag = (1 << 3) | WireType.LENGTH;
const valueTag = (2 << 3) | WireType.LENGTH;

export function compileAnyEncoder(context: AnyEncodeContext): MessageEncoder {
  return customEncoder((state) => {
    const { reader, writer } = state;
    let typeUrl = "";
    let typeStart = 0;
    let typeEnd = 0;
    let valueStart = reader.end;
    let valueEnd = reader.end;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === typeUrlTag) {
        const before = reader.pos;
        typeUrl = reader.string();
        typeEnd = reader.pos;
        reader.pos = before;
        reader.lengthEnd();
        typeStart = reader.pos;
        reader.pos = typeEnd;
      } else if (tag === valueTag) {
        valueEnd = reader.lengthEnd();
        valueStart = reader.pos;
        reader.pos = valueEnd;
      } else reader.skip(tag);
    }
    if (typeUrl === "") {
      writer.ascii("{}");
      return;
    }
    writer.ascii('{"@type":');
    writer.string(reader.bytes, typeStart, typeEnd);
    const desc = context.resolve(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    reader.pos = valueStart;
    if (desc === undefined) {
      writer.ascii(',"value":');
      writer.base64(reader.bytes, valueStart, valueEnd);
    } else if (context.hasCustomJson(desc)) {
      writer.ascii(',"value":');
      state.within(valueEnd, context.message(desc).encode);
    } else {
      state.within(valueEnd, context.message(desc).encodeMembers);
    }
    writer.byte(0x7d);
    reader.pos = reader.end;
  });
}
