// How a reply is compressed, by what the request says: `accept-encoding` of unary calls, `connect-accept-encoding` of
// streams. Total: a malformed entry is skipped, never an error.
// Sources: Connect protocol, "Accept-Encoding" (an ordered list, identity last, what was sent is accepted where nothing
// is said); RFC 9110 §12.5.3 and §12.4.2 for weights, which browsers and curl may send.
import type { Header } from "../../rpc/header.ts";
import { negotiateEncoding } from "../../wire/accept-encoding.ts";
import type { Compression } from "../../wire/compression.ts";

/**
 * The compression that the client likes best, the first of its list on a tie; undefined = identity.
 * @param name of the header, lower case
 * @param sent what the request itself is compressed with
 */
export function negotiateCompression(
  header: Header,
  name: string,
  sent: Compression | undefined,
): Compression | undefined {
  const accept = header.get(name);
  if (accept === undefined) return sent;
  // Several headers of a name are one list, RFC 9110 §5.3; nearly always there is one.
  return negotiateEncoding(header.getAll(name).join(","), "list").compression;
}
