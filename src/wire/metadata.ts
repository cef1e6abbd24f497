// Which headers of an HTTP request are metadata for a backend, and which metadata of a backend is an HTTP header.
// What belongs to one connection or to a protocol stays with it; everything else passes, duplicates in order.
// Sources: semantics.md "Headers and metadata"; gRPC over HTTP/2, "Custom-Metadata"; RFC 9110 §7.6.1.
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { isBase64, stripPadding } from "./binary-header.ts";
import { alwaysPassed, isGatewayName, type MetadataRules, metadataRules } from "./metadata-rules.ts";

/** Names that describe one connection or one message on it, so that they never cross the gateway. */
const transportNames = new Set([
  "accept-encoding",
  "connection",
  "date",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-grpc-web",
]);
/** Families of the same sort: message framing, and the headers that belong to gRPC and to Connect themselves. */
const transportPrefixes = /^(?::|content-|grpc-|connect-)/;
/** gRPC allows fewer names and values than HTTP does: the rest cannot be metadata. */
const legalName = /^[0-9a-z_.-]+$/;
const legalValue = /^[ -~]*$/;

/** Whether a header belongs to the transport, so that it is no metadata in either direction. */
export function isTransportName(name: string): boolean {
  return transportNames.has(name) || transportPrefixes.test(name);
}

/** Whether gRPC can carry such an entry: its name in lower case, its value printable ASCII. */
export function isLegalMetadata(name: string, value: string): boolean {
  return legalName.test(name) && legalValue.test(value);
}

/**
 * The metadata for a backend from the header of an HTTP request. Entries that gRPC cannot carry (a value that is not
 * ASCII, a name that is no gRPC name) are left out, as a request should not fail for a cookie. A comma-joined `-bin`
 * value becomes one entry per part; base64 comes out without padding.
 * @param rules default: every header but the transport's, under its own name
 * @returns a header of its own
 * @throws RpcError INVALID_ARGUMENT for a `-bin` value that is not base64
 */
export function metadataFromHttp(header: Header, rules: MetadataRules = metadataRules.standard): Header {
  const listed = connectionNames(header);
  const metadata = new Header();
  const { flat } = header;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (listed?.has(name)) continue;
    const value = flat[i + 1] as string;
    if (rules.requestNames === "all" || alwaysPassed.has(name)) {
      if (!isTransportName(name)) appendEntry(metadata, name, value, rules);
    } else if (rules.requestNames.has(name)) {
      if (rules.unprefixed.has(name)) appendEntry(metadata, name, value, rules);
      appendEntry(metadata, rules.requestPrefix + name, value, rules);
    } else if (name.startsWith(rules.metadataPrefix)) {
      const bare = name.slice(rules.metadataPrefix.length);
      if (comesUnderPrefix(bare, header, listed, rules)) appendEntry(metadata, bare, value, rules);
    }
  }
  return metadata;
}

/** What a client smuggles in under the prefix may not be a name of the transport's either, nor one of the gateway's. */
function comesUnderPrefix(
  bare: string,
  header: Header,
  listed: ReadonlySet<string> | undefined,
  rules: MetadataRules,
): boolean {
  if (isTransportName(bare) || isGatewayName(bare, rules)) return false;
  // A trace and a position in a stream are one each: the header of that name beats the one under the prefix.
  return !alwaysPassed.has(bare) || !header.has(bare) || listed?.has(bare) === true;
}

/**
 * The HTTP header from the header metadata of a backend: names that belong to the transport are left out,
 * `grpc-status` and its kin among them, and so is what could not stand in an HTTP header.
 * @param rules default: every entry under its own name
 * @returns a header of its own
 */
export function metadataToHttp(metadata: Header, rules: MetadataRules = metadataRules.standard): Header {
  return appendMetadata(new Header(), metadata, rules.metadataPrefix);
}

/** The HTTP trailer from the trailer metadata of a backend, likewise. */
export function trailerToHttp(metadata: Header, rules: MetadataRules = metadataRules.standard): Header {
  return appendMetadata(new Header(), metadata, rules.trailerPrefix);
}

/**
 * Appends what `metadataToHttp` would return to `header`, which is returned. What the gateway itself has said in it is no
 * metadata and gets no prefix.
 */
export function appendMetadata(header: Header, metadata: Header, prefix: string): Header {
  const { flat } = metadata;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    const value = flat[i + 1] as string;
    if (isTransportName(name) || !isLegalMetadata(name, value)) continue;
    header.append(metadata.isOwn(name) ? name : prefix + name, value);
  }
  return header;
}

/** What a gateway knows of the client that its backend does not see. */
export interface Forwarded {
  /** IP address of the client; an IPv4 address in IPv6 notation is written as IPv4. */
  readonly remoteAddress: string;
  /** What the client called us: `:authority` or `Host`; left out where empty. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/**
 * Appends to `x-forwarded-for`, `-host` and `-proto` of the metadata, each one comma-separated list whose last entry
 * is ours. Changes the header it is given.
 */
export function appendForwarded(metadata: Header, forwarded: Forwarded): void {
  appendListed(metadata, "x-forwarded-for", forwarded.remoteAddress.replace(/^::ffff:(?=\d+\.)/i, ""));
  appendListed(metadata, "x-forwarded-host", forwarded.host);
  appendListed(metadata, "x-forwarded-proto", forwarded.scheme);
}

function appendListed(metadata: Header, name: string, value: string): void {
  if (value === "" || !legalValue.test(value)) return;
  if (!metadata.has(name)) metadata.append(name, value);
  else metadata.set(name, [...metadata.getAll(name), value].join(", "));
}

/** Names that the `connection` header declares to be of this hop only; undefined for the usual request. */
function connectionNames(header: Header): Set<string> | undefined {
  if (!header.has("connection")) return undefined;
  const names = header.getAll("connection").flatMap((value) => value.split(","));
  return new Set(names.map((name) => name.trim().toLowerCase()));
}

function appendEntry(metadata: Header, name: string, value: string, rules: MetadataRules): void {
  if (name.endsWith("-bin")) appendBinary(metadata, name, value, rules);
  else if (isLegalMetadata(name, value)) metadata.append(name, value);
}

function appendBinary(metadata: Header, name: string, value: string, rules: MetadataRules): void {
  if (!legalName.test(name)) return;
  for (const part of value.split(",").map((part) => part.trim())) {
    if (isBase64(part)) {
      metadata.append(name, stripPadding(part));
    } else if (rules.notBase64 === "raw") {
      // A raw value may hold commas of its own, so it is taken whole. HTTP stacks hand bytes over as Latin-1.
      metadata.append(name, stripPadding(Buffer.from(value, "latin1").toString("base64")));
      return;
    } else {
      throw new RpcError(Code.INVALID_ARGUMENT, `header ${name}: expected base64`);
    }
  }
}
