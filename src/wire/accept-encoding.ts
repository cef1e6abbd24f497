// Reads a list of content codings with weights and picks what a reply is compressed with. Total: a malformed entry is
// skipped, never an error.
// Source: RFC 9110 §12.5.3 (Accept-Encoding: what is not listed is covered by `*`, and only identity is acceptable
// unasked), §12.4.2 (weights), §8.4.1.3 (`x-gzip` is gzip).
import { type Compression, compressions } from "./compression.ts";

export interface AcceptedEncoding {
  /** What the client likes best of what we have; undefined = identity. */
  readonly compression: Compression | undefined;
  /** Whether it takes a reply that is not compressed: false only where it says so. */
  readonly identity: boolean;
}

/** Whose order decides among codings of equal weight: RFC 9110 gives the client's none, Connect does. */
export type TieBreak = "ours" | "list";

/** More entries than any real client sends; what follows is not looked at. */
const maxEntryCount = 32;

/**
 * @param accept a whole list, several headers of the name joined by commas; undefined = no header, which is identity
 *   (RFC 9110 would let us choose any, but a client that does not ask may not inflate)
 */
export function negotiateEncoding(accept: string | undefined, ties: TieBreak): AcceptedEncoding {
  if (accept === undefined) return { compression: undefined, identity: true };
  const weights = readWeights(accept);
  const rest = weights.get("*");
  const identityWeight = weights.get("identity") ?? (rest === 0 ? 0 : undefined);
  const names = ties === "list" ? new Set([...weights.keys(), ...compressions.keys()]) : compressions.keys();
  let compression: Compression | undefined;
  // A listed identity beats codings that weigh less; one that is not listed is only the last resort.
  let bestWeight = 0;
  for (const name of names) {
    const candidate = compressions.get(name);
    const weight = weights.get(name) ?? rest ?? 0;
    if (candidate === undefined || weight <= bestWeight) continue;
    compression = candidate;
    bestWeight = weight;
  }
  const identity = identityWeight !== 0;
  return (identityWeight ?? 0) > bestWeight
    ? { compression: undefined, identity }
    : { compression, identity };
}

/** Coding → weight in the order of the list; the first word on a coding counts. */
function readWeights(accept: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const entry of accept.split(",", maxEntryCount)) {
    const [coding = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    const name = coding === "x-gzip" ? "gzip" : coding;
    if (name !== "" && weight !== undefined && !weights.has(name)) weights.set(name, weight);
  }
  return weights;
}

/** Undefined for a weight that is none. */
function weightOf(parameters: readonly string[]): number | undefined {
  const text = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (text === undefined) return 1;
  const weight = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(text)?.[1];
  return weight === undefined ? undefined : Number(weight);
}
