// Turns an error that came instead of a reply into a gRPC-Web response: the one place where an `RpcError` becomes bytes.
// Source: gRPC-Web protocol. It allows trailers-only too, the status in the header; but a page of another origin reads
// of the header only what it was told it may, and of the body everything.
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { grpcReplyHeader } from "../../wire/grpc-answer.ts";
import { errorTrailer } from "../../wire/grpc-trailer.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import type { ContentType } from "./content-type.ts";
import { encodeTrailer } from "./trailer-envelope.ts";
import { bodyPiece } from "./write-reply.ts";

/** The header that the backend sent before it failed, and a body that is the trailer alone. */
export function writeError(error: RpcError, type: ContentType): HttpResponse {
  const header = appendMetadata(grpcReplyHeader(type.name, undefined), error.header, "");
  return { httpStatus: 200, header, body: bodyPiece(encodeTrailer(errorTrailer(error)), type) };
}

/** What HTTP has a status of its own for; a client that reads the header finds the gRPC status there. */
export function writeRefusal(
  httpStatus: 405 | 415,
  error: RpcError,
  type: ContentType,
  extra: readonly [string, string],
): HttpResponse {
  const header = grpcReplyHeader(type.name, undefined);
  return { httpStatus, header: new Header([...header.flat, ...extra, ...errorTrailer(error).flat]) };
}
