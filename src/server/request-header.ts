// Node's flat raw header lists to ours: lower-case names, pseudo headers apart, one host.
// Source: RFC 9112 §3.2 (exactly one Host), RFC 9113 §8.3.1 (:authority stands for Host).
import { Header } from "../rpc/header.ts";

/** The header of an HTTP/1.1 request, or the reason to refuse it. Copies: Node keeps its list. */
export function readHttp1Header(raw: readonly string[], authority: string | undefined): Header | string {
  const flat: string[] = new Array(raw.length);
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    flat[i] = name;
    flat[i + 1] = raw[i + 1] as string;
    if (name === "host") {
      hosts++;
      if (authority !== undefined) flat[i + 1] = authority;
    }
  }
  return hosts > 1 ? "the request has more than one Host" : new Header(flat);
}

export interface Http2Head {
  readonly httpMethod: string;
  readonly target: string;
  readonly header: Header;
  /** The status to refuse the request with, and why. */
  readonly refusal?: { readonly httpStatus: 400 | 431; readonly reason: string };
}

/** What RFC 9113 §6.5.2 counts for an entry beside its bytes. */
const entryOverheadBytes = 32;

/**
 * The header of an HTTP/2 request. nghttp2 has checked names and pseudo headers, but holds a client to
 * SETTINGS_MAX_HEADER_LIST_SIZE only after it has acknowledged it, so the size is counted here.
 */
export function readHttp2Header(raw: readonly string[], maxHeaderBytes: number): Http2Head {
  const flat: string[] = [];
  let httpMethod = "";
  let target = "";
  let authority: string | undefined;
  let host: string | undefined;
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    bytes += name.length + value.length + entryOverheadBytes;
    if (name.charCodeAt(0) !== 0x3a) {
      if (name === "host") host = value;
      else flat.push(name, value);
    } else if (name === ":method") httpMethod = value;
    else if (name === ":path") target = value;
    else if (name === ":authority") authority = value;
  }
  const named = authority ?? host;
  if (named !== undefined) flat.push("host", named);
  const head = { httpMethod, target, header: new Header(flat) };
  if (bytes > maxHeaderBytes) {
    return { ...head, refusal: { httpStatus: 431, reason: "the request header is too large" } };
  }
  if (authority !== undefined && host !== undefined && authority !== host) {
    return { ...head, refusal: { httpStatus: 400, reason: "host and :authority differ" } };
  }
  return head;
}
