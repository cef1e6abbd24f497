// Compresses what a REST client gets: bodies that are there as a whole and large enough for it to pay, and the array and
// line layouts of streams, each message flushed so that none waits for the next. Events are not compressed: a heartbeat
// must be a heartbeat, intermediaries that inflate buffer, and EventSource polyfills read bytes.
// Not compressed either: what is compressed already by its nature (images, archives), and what the backend forbade to
// transform. A compressed body is another representation, so a strong ETag becomes a weak one.
// Sources: RFC 9110 §8.4, §8.8.3.3 (ETags of codings), §12.5.3, §12.5.5 (Vary), §7.7 and RFC 9111 §5.2.2.6 (no-transform).
import { Header } from "../../rpc/header.ts";
import { mediaTypeOf } from "../../wire/accept.ts";
import { type AcceptedEncoding, negotiateEncoding } from "../../wire/accept-encoding.ts";
import type { BodyPiece, HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import { compressPieces } from "../../wire/zlib-pieces.ts";

const compressibleTypes: ReadonlySet<string> = new Set([
  "application/javascript",
  "application/json",
  "application/jsonl",
  "application/protobuf",
  "application/x-ndjson",
  "application/x-protobuf",
  "application/xml",
  "application/yaml",
  "image/svg+xml",
]);

/**
 * The response as its client accepts it, the same object where nothing changes.
 * @param minBytes bodies smaller than this go as they are, unless the client refuses that; Infinity = all do
 */
export async function compressResponse(
  request: HttpRequest,
  response: HttpResponse,
  minBytes: number,
): Promise<HttpResponse> {
  const { body, header } = response;
  if (body === undefined || minBytes === Number.POSITIVE_INFINITY) return response;
  const accepted = request.header.has("accept-encoding") ? acceptedBy(request.header) : asIs;
  if (isStreamed(body)) {
    if (!isCompressible(header)) return response;
    const { compression } = accepted;
    return {
      ...response,
      header: encodedHeader(header, compression?.name),
      body: compression === undefined ? body : compressPieces(body, compression),
    };
  }
  if (Buffer.byteLength(body) < minBytes && (accepted.identity || body.length === 0)) return response;
  if (!isCompressible(header)) return response;
  const { compression } = accepted;
  if (compression !== undefined) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const compressed = await compression.compress(bytes);
    // Random bytes grow.
    if (compressed.length < bytes.length || !accepted.identity) {
      return { ...response, header: encodedHeader(header, compression.name), body: compressed };
    }
  }
  return { ...response, header: encodedHeader(header, undefined) };
}

const asIs: AcceptedEncoding = { compression: undefined, identity: true };

function acceptedBy(header: Header): AcceptedEncoding {
  return negotiateEncoding(header.getAll("accept-encoding").join(","), "ours");
}

function isStreamed(body: BodyPiece | AsyncIterable<BodyPiece>): body is AsyncIterable<BodyPiece> {
  return typeof body !== "string" && !(body instanceof Uint8Array);
}

function isCompressible(header: Header): boolean {
  if (header.has("content-encoding") || header.has("content-range")) return false;
  const cacheControl = header.get("cache-control");
  if (cacheControl !== undefined && /(?:^|[\s,])no-transform(?:$|[\s,])/i.test(cacheControl)) return false;
  const type = mediaTypeOf(header.get("content-type"));
  if (type === "text/event-stream") return false;
  return (
    compressibleTypes.has(type) || type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml")
  );
}

/** The header with what the choice of a coding means for caches; `coding` is absent where the body goes as it is. */
function encodedHeader(header: Header, coding: string | undefined): Header {
  const flat: string[] = [];
  let varies = false;
  for (const [name, value] of header) {
    if (name === "vary") varies ||= /(?:^|[\s,])(?:\*|accept-encoding)(?:$|[\s,])/i.test(value);
    flat.push(name, coding !== undefined && name === "etag" ? weakened(value) : value);
  }
  if (!varies) flat.push("vary", "accept-encoding");
  if (coding !== undefined) flat.push("content-encoding", coding);
  return new Header(flat);
}

function weakened(etag: string): string {
  return etag.startsWith('"') ? `W/${etag}` : etag;
}
