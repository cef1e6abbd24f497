// Reads a REST request, already matched to a route, into a call. What HTTP itself refuses (415, 413) is a value.
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import type { Header } from "../../rpc/header.ts";
import { streamsRequests } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Route } from "../../transcode/route.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { appendForwarded, metadataFromHttp } from "../../wire/metadata.ts";
import { readBody } from "../../wire/read-body.ts";
import { refuseContentType, refuseMislabelledJson } from "./body-type.ts";
import { readDeadline } from "./read-deadline.ts";
import { readMessages } from "./read-messages.ts";

/** A refusal that HTTP has a status of its own for. */
export interface HttpRefusal {
  readonly httpStatus: 413 | 415;
  readonly error: RpcError;
}

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
  const streamed = streamsRequests(route.info.kind);
  if (!request.bodyless && route.body !== "" && !route.rawRequestBody) {
    const error = refuseContentType(contentType, streamed);
    if (error !== undefined) return { httpStatus: 415, error };
  }
  const head = {
    method: route.info,
    header: metadataOf(request),
    signal: request.signal,
    ...(deadline && { deadline }),
  };
  const parts = { captures, query: request.query, contentType };
  if (streamed) {
    return { ...head, kind: "stream", messages: readMessages(request, route, parts, maxRequestBytes) };
  }
  const body = await readBody(request, maxRequestBytes);
  if (body === undefined) {
    const message = `request body is larger than the limit of ${maxRequestBytes} bytes`;
    return { httpStatus: 413, error: new RpcError(Code.RESOURCE_EXHAUSTED, message) };
  }
  const asIs = route.rawRequestBody || route.body === "";
  const mislabelled = asIs ? undefined : refuseMislabelledJson(contentType, body);
  if (mislabelled !== undefined) return { httpStatus: 415, error: mislabelled };
  return { ...head, kind: "unary", message: route.bind({ ...parts, body }) };
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
