// What a request body is compressed with. One coding at most: a chain of them is nobody's, and each link multiplies
// what a small body can grow to.
// Source: RFC 9110 §8.4 (Content-Encoding, a list in the order of application), §8.4.1.3 (`x-gzip` is gzip).
import type { Header } from "../rpc/header.ts";
import { type Compression, compressions } from "./compression.ts";

/** The `Content-Encoding` of a request, several of them joined as RFC 9110 §5.3 says; undefined where there is none. */
export function contentEncodingOf(header: Header): string | undefined {
  return header.has("content-encoding") ? header.getAll("content-encoding").join(",") : undefined;
}

/** The compression, undefined for none, or the text of what we do not inflate: an unknown coding, or several. */
export function parseContentEncoding(contentEncoding: string | undefined): Compression | string | undefined {
  if (contentEncoding === undefined) return undefined;
  const codings = contentEncoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  const [coding] = codings;
  if (coding === undefined) return undefined;
  if (codings.length > 1) return codings.join(", ");
  return compressions.get(coding === "x-gzip" ? "gzip" : coding) ?? coding;
}
