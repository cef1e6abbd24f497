// Turns an error that came instead of a reply into a gRPC response: the one place where an `RpcError` becomes bytes.
// Source: gRPC over HTTP/2, "Trailers-Only".
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { grpcReplyHeader } from "../../wire/grpc-answer.ts";
import { errorTrailer } from "../../wire/grpc-trailer.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata } from "../../wire/metadata.ts";

/**
 * Trailers-only: the trailer is the header. Where the backend sent a header before it failed, that is the header, so
 * that clients tell the one from the other.
 * @param contentType of the reply
 * @param httpStatus for errors of HTTP itself (405, 415, 505); a gRPC client reads the status in the header all the same
 * @param extra header entries of this answer, such as `allow`
 */
export function writeError(
  error: RpcError,
  contentType: string,
  httpStatus = 200,
  extra: readonly (readonly [string, string])[] = [],
): HttpResponse {
  const header = grpcReplyHeader(contentType, undefined);
  for (const [name, value] of extra) header.append(name, value);
  const trailer = errorTrailer(error);
  if (error.header.size === 0) {
    return { httpStatus, header: new Header([...header.flat, ...trailer.flat]) };
  }
  appendMetadata(header, error.header, "");
  return { httpStatus, header, trailer: () => Promise.resolve(trailer) };
}
