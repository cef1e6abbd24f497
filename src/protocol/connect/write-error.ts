// Turns an error into a Connect response, and writes what HTTP itself refuses.
// Source: Connect protocol, "Unary-Response", "Streaming-Response", "Error Codes" and "HTTP to Error Code".
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import { httpStatusOf } from "../../wire/http-status.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import type { ContentType } from "./content-type.ts";
import { encodeEndStream } from "./end-stream.ts";
import { canonicalCode, type DetailFormat, formatError } from "./error-json.ts";
import { appendVary, trailerPrefix } from "./write-reply.ts";

/** @param httpStatus where it does not follow from the code: 404 of an unknown method */
export function writeUnaryError(
  error: RpcError,
  request: HttpRequest,
  formatDetail: DetailFormat,
  httpStatus: number = httpStatusOf(canonicalCode(error.code)),
): HttpResponse {
  const header = new Header(["content-type", "application/json"]);
  appendVary(header, request);
  appendMetadata(header, error.header, "");
  appendMetadata(header, error.trailer, trailerPrefix);
  return { httpStatus, header, body: formatError(error, formatDetail) };
}

/** An error before the header of a stream: 200, and its end is all there is. */
export function writeStreamError(
  error: RpcError,
  type: ContentType,
  formatDetail: DetailFormat,
): HttpResponse {
  const header = new Header(["content-type", type.text]);
  appendMetadata(header, error.header, "");
  return { httpStatus: 200, header, body: encodeEndStream(error.trailer, error, formatDetail) };
}

/**
 * A refusal of HTTP's own, as text: JSON would be a Connect error, and whoever comes with another method or content type
 * may speak no Connect at all. A client of Connect takes the code from the status.
 * @param extra the header that says what would be right
 */
export function writeRefusal(
  httpStatus: 405 | 415,
  message: string,
  extra: readonly [name: string, value: string],
): HttpResponse {
  const header = new Header(["content-type", "text/plain; charset=utf-8", ...extra]);
  return { httpStatus, header, body: `${message}\n` };
}
