// The body of a request as it was before its client compressed it. Whoever reads it pulls it through the inflater, so
// that the limits of bodies, messages and form parts are limits of what comes out, and nothing is inflated ahead.
// Bodies that are an HttpBody are inflated too: the message has a content type and no place for a coding, so the backend
// would take compressed bytes for what they are not.
// Sources: RFC 9110 §8.4, §15.5.16 (415 names what is read in Accept-Encoding).
import type { Header } from "../../rpc/header.ts";
import { type Compression, maxCompressedBytes } from "../../wire/compression.ts";
import { contentEncodingOf, parseContentEncoding } from "../../wire/content-encoding.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { inflatePieces } from "../../wire/zlib-pieces.ts";

/**
 * The request itself where it is not compressed in a way that we know; what is compressed otherwise is for
 * `refuseContentEncoding` to say.
 * @param maxBytes of the inflated body; Infinity for a stream, whose messages have limits of their own
 */
export function decodeRequest(request: HttpRequest, maxBytes: number): HttpRequest {
  const compression = parseContentEncoding(contentEncodingOf(request.header));
  if (compression === undefined || typeof compression === "string" || request.bodyless) return request;
  return {
    httpMethod: request.httpMethod,
    path: request.path,
    query: request.query,
    header: withoutEncoding(request.header),
    httpVersion: request.httpVersion,
    scheme: request.scheme,
    remoteAddress: request.remoteAddress,
    principal: request.principal,
    bodyless: false,
    signal: request.signal,
    body: inflated(request, compression, maxBytes),
  };
}

function inflated(
  { body }: HttpRequest,
  compression: Compression,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  return inflatePieces(body, compression, maxCompressedBytes(maxBytes));
}

/** Both entries are of the bytes on the wire: what is read has no known length. */
function withoutEncoding(header: Header): Header {
  const plain = header.clone();
  plain.delete("content-encoding");
  plain.delete("content-length");
  return plain;
}
