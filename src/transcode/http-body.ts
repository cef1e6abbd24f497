// google.api.HttpBody: bytes with a content type, which travel untouched instead of as JSON.
// Source: google/api/httpbody.proto
import type { DescMessage } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { ReplyBody } from "./route.ts";

const contentTypeTag = (1 << 3) | WireType.LENGTH;
const dataTag = (2 << 3) | WireType.LENGTH;

export function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === "google.api.HttpBody";
}

/** Appends the fields of an HttpBody. `extensions` stay empty: HTTP has no place for them. */
export function writeHttpBody(writer: ProtobufWriter, contentType: string, bytes: Uint8Array): void {
  if (contentType !== "") {
    writer.uint32(contentTypeTag);
    writer.string(contentType);
  }
  writer.uint32(dataTag);
  writer.lengthPrefixed(bytes);
}

/**
 * The content of an HttpBody message; `application/octet-stream` where it names no type.
 * @throws RpcError INTERNAL when the bytes are no such message
 */
export function readHttpBody(message: Uint8Array): ReplyBody {
  const reader = new ProtobufReader(message, Code.INTERNAL);
  let contentType = "";
  let content: Uint8Array = new Uint8Array(0);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === contentTypeTag) contentType = reader.string();
    else if (tag === dataTag) content = reader.lengthPrefixed();
    else reader.skip(tag);
  }
  // A content type becomes a header: one that could not be a header's value is none.
  const usable = /^[\x20-\x7e]+$/.test(contentType);
  return { contentType: usable ? contentType : "application/octet-stream", content };
}
