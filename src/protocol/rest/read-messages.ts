// The messages of a client stream, read from the body while it arrives: JSON values, pieces of a raw body, or a form.
// Source: semantics "Body": path and query go into the first message only.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { streamOf } from "../../rpc/stream.ts";
import type { RequestParts, Route } from "../../transcode/route.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { splitJsonValues } from "../../wire/json-values.ts";
import { isLines, isMultipart } from "./body-type.ts";
import { readFormMessages } from "./read-form.ts";

type HeadParts = Omit<RequestParts, "body">;

/** What a client stream failed with. Kept, because a backend makes a failure of its own of it. */
export interface BodyFailure {
  reason?: unknown;
}

const empty = new Uint8Array(0);

/**
 * Yields one message per JSON value, or per piece as it came where the body is an HttpBody; exactly one where the
 * route takes no body or a raw body is empty.
 * @param failure gets what the messages fail with
 * @throws RpcError INVALID_ARGUMENT with the message's number, RESOURCE_EXHAUSTED when one is larger than the limit
 */
export async function* readMessages(
  request: HttpRequest,
  route: Route,
  parts: HeadParts,
  maxMessageBytes: number,
  failure?: BodyFailure,
): AsyncIterable<Uint8Array> {
  try {
    if (route.body === "") {
      // Whether bytes are refused or ignored is the route's to say, and one piece is enough to know that there are some.
      yield route.bind({ ...parts, body: request.bodyless ? empty : await firstPiece(request.body) });
      return;
    }
    if (!request.bodyless && !route.rawRequestBody && isMultipart(parts.contentType)) {
      yield* readFormMessages(request, route, parts, maxMessageBytes);
      return;
    }
    let count = 0;
    for await (const body of bodiesOf(request, route, parts.contentType, maxMessageBytes)) {
      yield bindNumbered(route, parts, body, ++count);
    }
    if (count === 0 && route.rawRequestBody) yield route.bind({ ...parts, body: empty });
  } catch (reason) {
    if (failure !== undefined) failure.reason ??= reason;
    throw reason;
  }
}

function bodiesOf(
  request: HttpRequest,
  route: Route,
  contentType: string,
  maxMessageBytes: number,
): AsyncIterable<Uint8Array> {
  if (request.bodyless) return streamOf();
  if (route.rawRequestBody) return cutPieces(request.body, maxMessageBytes);
  const layout = isLines(contentType) ? "lines" : "array";
  return splitJsonValues(request.body, { layout, maxValueBytes: maxMessageBytes });
}

/** How a body arrives in pieces says nothing about messages, so a piece that is too large for one becomes several. */
async function* cutPieces(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += maxBytes) yield piece.subarray(at, at + maxBytes);
  }
}

async function firstPiece(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const piece of body) if (piece.length > 0) return piece;
  return empty;
}

function bindNumbered(route: Route, parts: HeadParts, body: Uint8Array, number: number): Uint8Array {
  try {
    return number === 1 ? route.bind({ ...parts, body }) : route.bindBody(body, parts.contentType);
  } catch (reason) {
    if (!(reason instanceof RpcError) || reason.code !== Code.INVALID_ARGUMENT) throw reason;
    // What is wrong with path or query is not the first message's fault: without a body it is wrong as well.
    if (number === 1) route.bind({ ...parts, body: empty });
    throw new RpcError(reason.code, `message ${number} of the body: ${reason.rawMessage}`, reason);
  }
}
