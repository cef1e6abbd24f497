// Whether a client reads trailers. HTTP/2 has them always; on HTTP/1.1 a client says so.
// Source: RFC 9110 §10.1.4 (TE) and §6.5.1 (trailers are sent only to who asked for them).
import type { Header } from "../rpc/header.ts";

/** Whether the header says `TE: trailers`, alone or in a list. */
export function acceptsTrailers(header: Header): boolean {
  return header.getAll("te").some((value) => /(^|[\s,])trailers($|[\s,;])/i.test(value));
}
