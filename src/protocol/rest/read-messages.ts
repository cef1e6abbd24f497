// The messages of a client stream, read from the body while it arrives: JSON values, or pieces of a raw body.
// Source: semantics "Body": path and query go into the first message only.
import { streamOf } from "../../rpc/stream.ts";
import type { RequestParts, Route } from "../../transcode/route.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { splitJsonValues } from "../../wire/json-values.ts";
import { isLines } from "./body-type.ts";

/**
 * Yields one message per JSON value, or per piece as it came where the body is an HttpBody; exactly one where the
 * route takes no body or a raw body is empty.
 * @throws RpcError INVALID_ARGUMENT with the message's number, RESOURCE_EXHAUSTED when one is larger than the limit
 */
export async function* readMessages(
  request: HttpRequest,
  route: Route,
  parts: Omit<RequestParts, "body">,
  maxMessageBytes: number,
): AsyncIterable<Uint8Array> {
  let first = true;
  for await (const body of bodiesOf(request, route, parts.contentType, maxMessageBytes)) {
    yield first ? route.bind({ ...parts, body }) : route.bindBody(body, parts.contentType);
    first = false;
  }
  if (first && (route.body === "" || route.rawRequestBody)) {
    yield route.bind({ ...parts, body: new Uint8Array(0) });
  }
}

function bodiesOf(
  request: HttpRequest,
  route: Route,
  contentType: string,
  maxMessageBytes: number,
): AsyncIterable<Uint8Array> {
  if (request.bodyless) return streamOf();
  if (route.rawRequestBody || route.body === "") return request.body;
  const layout = isLines(contentType) ? "lines" : "array";
  return splitJsonValues(request.body, { layout, maxValueBytes: maxMessageBytes });
}
