// The end of a gRPC call as a header block: status, message and details first, then the metadata that came with them.
// Sources: gRPC over HTTP/2, "Status" and "Trailers"; grpc-status-details-bin as google.rpc.Status; gRPC-Web, "Message
// framing" (the same block as text).
import { Header } from "../rpc/header.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { encodeGrpcMessage } from "./grpc-message.ts";
import { encodeGrpcStatusDetails } from "./grpc-status-details.ts";
import { appendMetadata } from "./metadata.ts";

/** Of gRPC's own names the one that a backend says to its client's retries. */
const pushbackName = "grpc-retry-pushback-ms";

/** The trailer of a call that ended well; `metadata` is the trailer of the reply. */
export function okTrailer(metadata: Header): Header {
  return withMetadata(new Header(["grpc-status", "0"]), metadata);
}

/** The trailer of a call that failed. Details are written anew, whatever the metadata says of them. */
export function errorTrailer(error: RpcError): Header {
  const { code, rawMessage, details, trailer: metadata } = error;
  const trailer = new Header(["grpc-status", String(code)]);
  if (rawMessage !== "") trailer.append("grpc-message", encodeGrpcMessage(rawMessage));
  if (details.length > 0) {
    const status = encodeGrpcStatusDetails({ code, message: rawMessage, details });
    trailer.append("grpc-status-details-bin", status);
  }
  return withMetadata(trailer, metadata);
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
