// A call's header as grpc-js wants it and back. What grpc-js or node:http2 refuses never reaches them: node:http2
// throws for it, and grpc-js answers by dropping the connection with every call on it.
// Source: gRPC over HTTP/2, "Custom-Metadata"; node:http2, ERR_HTTP2_HEADER_SINGLE_VALUE and its kin.
import { Metadata } from "@grpc/grpc-js";
import { Header } from "../rpc/header.ts";
import { decodeBinaryHeader, stripPadding } from "../wire/binary-header.ts";
import { isLegalMetadata, isTransportName } from "../wire/metadata.ts";

/** Names that node:http2 lets stand only once in a header; of duplicates the first is sent. */
const singleValueNames = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "dnt",
  "etag",
  "expires",
  "from",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);
/** gRPC's own names that interceptors and peers may set; all others are written by the transport. */
const passedReserved = new Set([
  "grpc-previous-rpc-attempts",
  "grpc-retry-pushback-ms",
  "grpc-tags-bin",
  "grpc-trace-bin",
]);

/** The metadata to send; entries that cannot be sent are left out. `fixed` replaces what the call says of its names. */
export function metadataFromHeader(header: Header, fixed?: Header): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of header) if (!fixed?.has(name)) add(metadata, name, value);
  if (fixed) for (const [name, value] of fixed) add(metadata, name, value);
  return metadata;
}

/** The header that was received, without what belongs to the transport. */
export function headerFromMetadata(metadata: Metadata): Header {
  const header = new Header();
  const valuesByName = metadata.toJSON();
  for (const name of Object.keys(valuesByName)) {
    if (!isPassed(name)) continue;
    for (const value of valuesByName[name] ?? []) {
      header.append(name, typeof value === "string" ? value : stripPadding(value.toString("base64")));
    }
  }
  return header;
}

/** What a backend answers with that was sent proto; `application/grpc-web` is somebody else's protocol. */
const ownType = /^application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i;

/**
 * The `content-type` of a reply that is not gRPC, or gRPC in another codec than was sent; undefined where it is what it
 * should be, or where there is none at all.
 */
export function foreignTypeOf(metadata: Metadata): string | undefined {
  const [type] = metadata.get("content-type");
  return typeof type !== "string" || ownType.test(type) ? undefined : type;
}

function add(metadata: Metadata, name: string, value: string): void {
  if (!isPassed(name) || !isLegalMetadata(name, value)) return;
  if (singleValueNames.has(name) && metadata.get(name).length > 0) return;
  if (!name.endsWith("-bin")) {
    metadata.add(name, value.trim());
    return;
  }
  const bytes = decodeBinaryHeader(value);
  if (bytes !== undefined) metadata.add(name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function isPassed(name: string): boolean {
  return !isTransportName(name) || passedReserved.has(name);
}
