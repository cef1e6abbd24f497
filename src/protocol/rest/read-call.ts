// Reads a REST request, already matched to a route, into a call. What HTTP itself refuses (415, 413) is a value.
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import type { Header } from "../../rpc/header.ts";
import { streamsRequests } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { streamOf } from "../../rpc/stream.ts";
import type { Route } from "../../transcode/route.ts";
import { mediaTypeOf } from "../../wire/accept.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { appendForwarded, metadataFromHttp } from "../../wire/metadata.ts";
import { readBody } from "../../wire/read-body.ts";
import { readDeadline } from "./read-deadline.ts";

/** A refusal that HTTP has a status of its own for. */
export interface HttpRefusal {
  readonly httpStatus: 413 | 415;
  readonly error: RpcError;
}

const expected = "expected application/json (curl: -H 'Content-Type: application/json')";

/**
 * @returns the call, or the refusal of its body
 * @throws RpcError INVALID_ARGUMENT naming the variable, parameter, field path or header; CANCELLED when the client
 *   goes away while the body is read
 */
export async function readCall(
  request: HttpRequest,
  route: Route,
  captures: readonly string[],
  maxRequestBytes: number,
): Promise<Call | HttpRefusal> {
  const deadline = readDeadline(request.header);
  const contentType = request.header.get("content-type") ?? "";
  if (!request.bodyless && route.body !== "" && !route.rawRequestBody && !isJson(contentType)) {
    const message = `Content-Type ${JSON.stringify(contentType.slice(0, 80))} is not read here: ${expected}`;
    return { httpStatus: 415, error: new RpcError(Code.INVALID_ARGUMENT, message) };
  }
  const body = await readBody(request, maxRequestBytes);
  if (body === undefined) {
    const message = `request body is larger than the limit of ${maxRequestBytes} bytes`;
    return { httpStatus: 413, error: new RpcError(Code.RESOURCE_EXHAUSTED, message) };
  }
  const message = route.bind({ captures, query: request.query, body, contentType });
  const head = {
    method: route.info,
    header: metadataOf(request),
    signal: request.signal,
    ...(deadline && { deadline }),
  };
  return streamsRequests(route.info.kind)
    ? { ...head, kind: "stream", messages: streamOf(message) }
    : { ...head, kind: "unary", message };
}

function isJson(contentType: string): boolean {
  const mediaType = mediaTypeOf(contentType);
  return mediaType === "application/json" || mediaType === "" || mediaType.endsWith("+json");
}

function metadataOf(request: HttpRequest): Header {
  const metadata = metadataFromHttp(request.header);
  appendForwarded(metadata, {
    remoteAddress: request.remoteAddress,
    host: request.header.get("host") ?? "",
    scheme: request.scheme,
  });
  return metadata;
}
