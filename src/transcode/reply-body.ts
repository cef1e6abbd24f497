// A reply message as an HTTP body: JSON of the message or of its `response_body` field, or the bytes of an HttpBody.
// Source: google/api/http.proto (HttpRule.response_body); google/api/httpbody.proto.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import { Code } from "../rpc/code.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { WireType } from "../wire/protobuf-writer.ts";
import { missingField } from "./field-path.ts";
import { isHttpBody, readHttpBody } from "./http-body.ts";
import type { ReplyBody } from "./route.ts";

export interface ReplyBodyWriter {
  /** Whether replies are the bytes of an HttpBody. */
  readonly raw: boolean;
  /** @throws RpcError INTERNAL when the bytes are no such message */
  encode(message: Uint8Array): ReplyBody;
}

/** Compiles a rule's response_body; a reason where it names no field. */
export function compileReplyBody(
  output: DescMessage,
  responseBody: string,
  codec: Codec,
): ReplyBodyWriter | string {
  if (responseBody === "") {
    if (isHttpBody(output)) return { raw: true, encode: readHttpBody };
    return { raw: false, encode: (message) => json(codec.message(output).encodeJson(message)) };
  }
  const field = output.fields.find(({ name }) => name === responseBody);
  if (field === undefined) return `response_body: ${missingField(output, responseBody)}`;
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return { raw: true, encode: (message) => readHttpBody(contentOf(message, field)) };
  }
  return { raw: false, encode: (message) => json(codec.field(field).encodeJson(message)) };
}

function json(text: string): ReplyBody {
  return { contentType: "application/json", content: text };
}

/** The content of a message field; of several occurrences, which merge, all of it. */
function contentOf(message: Uint8Array, field: DescField): Uint8Array {
  const reader = new ProtobufReader(message, Code.INTERNAL);
  const contents: Uint8Array[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 !== field.number) {
      reader.skip(tag);
    } else if ((tag & 7) === WireType.LENGTH) {
      contents.push(reader.lengthPrefixed());
    } else if ((tag & 7) === WireType.GROUP_START) {
      const start = reader.pos;
      contents.push(message.subarray(start, reader.groupEnd(tag)));
    } else {
      reader.skip(tag);
    }
  }
  const [only] = contents;
  return contents.length === 1 && only !== undefined ? only : Buffer.concat(contents);
}
