// The end of a gRPC call as a header block: status, message and details first, then the metadata that came with them.
// Sources: gRPC over HTTP/2, "Status" and "Trailers"; grpc-status-details-bin as google.rpc.Status; gRPC-Web, "Message
// framing" (the same block as text).
import { Header } from "../rpc/header.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { decodeGrpcMessage, encodeGrpcMessage } from "./grpc-message.ts";
import { encodeGrpcStatusDetails } from "./grpc-status-details.ts";
import { appendMetadata } from "./metadata.ts";

/** Of gRPC's own names the one that a backend says to its client's retries. */
const pushbackName = "grpc-retry-pushback-ms";

/** The trailer of a call that ended well; `metadata` is the trailer of the reply. */
export function okTrailer(metadata: Header): Header {
  return withMetadata(new Header(["grpc-status", "0"]), metadata);
}

/**
 * The trailer of a call that failed. Details are written anew, whatever the metadata says of them. A text with which the
 * trailer would be too large to be sent is cut.
 */
export function errorTrailer(error: RpcError): Header {
  const { code, rawMessage, details, trailer: metadata } = error;
  const trailer = new Header(["grpc-status", String(code)]);
  const encoded = encodeGrpcMessage(rawMessage);
  const text = encoded.length > harmlessChars ? cutText(encoded, roomForText(error)) : encoded;
  if (text !== "") trailer.append("grpc-message", text);
  if (details.length > 0) {
    const message = text === encoded ? rawMessage : decodeGrpcMessage(text);
    trailer.append("grpc-status-details-bin", encodeGrpcStatusDetails({ code, message, details }));
  }
  return withMetadata(trailer, metadata);
}

/** nghttp2 sends no header block of more than 64 KiB and does not say so: the client would get no status at all. */
const maxTrailerBytes = 60 * 1024;
/** With so little there is nothing to weigh up. */
const harmlessChars = 4 * 1024;

function roomForText({ details, trailer }: RpcError): number {
  let taken = 0;
  for (const entry of trailer.flat) taken += entry.length;
  // Base64, and the text of the status stands in there a second time.
  for (const { typeUrl, value } of details) taken += Math.ceil((typeUrl.length + value.length) * (4 / 3));
  const left = maxTrailerBytes - taken;
  return Math.max(harmlessChars, details.length === 0 ? left : Math.floor(left / 3));
}

/** The beginning of an encoded text, without a triple or a character that is cut in two. */
function cutText(encoded: string, maxChars: number): string {
  if (encoded.length <= maxChars) return encoded;
  const cut = encoded.slice(0, maxChars).replace(/%[0-9A-F]?$/, "");
  return cut.replace(/%[C-F][0-9A-F](?:%[89AB][0-9A-F]){0,3}$/, "");
}

/** The trailer as lines of text, `name: value\r\n` each. Metadata holds printable ASCII only, so nothing can break out. */
export function formatTrailer(trailer: Header): string {
  const { flat } = trailer;
  let text = "";
  for (let i = 0; i < flat.length; i += 2) text += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return text;
}

function withMetadata(trailer: Header, metadata: Header): Header {
  if (metadata.size === 0) return trailer;
  const pushback = metadata.get(pushbackName);
  if (pushback !== undefined && /^-?\d{1,10}$/.test(pushback)) trailer.append(pushbackName, pushback);
  return appendMetadata(trailer, metadata, "");
}
