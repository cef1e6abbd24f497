// How a reply is compressed, by what the request says: `accept-encoding` of unary calls, `connect-accept-encoding` of
// streams. Total: a malformed entry is skipped, never an error.
// Sources: Connect protocol, "Accept-Encoding" (an ordered list, identity last, what was sent is accepted where nothing
// is said); RFC 9110 §12.5.3 and §12.4.2 for weights, which browsers and curl may send.
import type { Header } from "../../rpc/header.ts";
import { type Compression, compressions } from "../../wire/compression.ts";

/** More entries than any real client sends; what follows is not looked at. */
const maxEntryCount = 32;

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
  return chooseWeighted(header.getAll(name).join(","));
}

function chooseWeighted(accept: string): Compression | undefined {
  let best: Compression | undefined;
  let bestWeight = 0;
  let identityWeight = 0;
  for (const entry of accept.split(",", maxEntryCount)) {
    const [coding = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    if (weight === undefined) continue;
    if (coding === "identity") identityWeight = weight;
    const compression = coding === "*" ? compressions.values().next().value : compressions.get(coding);
    if (compression === undefined || weight <= bestWeight) continue;
    best = compression;
    bestWeight = weight;
  }
  return identityWeight > bestWeight ? undefined : best;
}

/** Undefined for a weight that is none. */
function weightOf(parameters: readonly string[]): number | undefined {
  const text = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (text === undefined) return 1;
  const weight = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(text)?.[1];
  return weight === undefined ? undefined : Number(weight);
}
