// What percent triples mean in templates, paths and queries: which stay as they are written, and when two literals are
// the same.
// Source: RFC 3986 §2.1–2.4 and §6.2.2; google/api/http.proto, "Path template syntax" (what `%2F` means).
import { decodePercent, tripleAt } from "../wire/percent.ts";
import type { Dialect } from "./dialect.ts";

/** `[-_.~0-9a-zA-Z]`: characters that mean the same encoded and not. RFC 3986 §2.3. */
export function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  );
}

/**
 * A path segment in the form in which two equal ones are the same text: triples of unreserved characters decoded,
 * the hex digits of all others in upper case. A segment with a malformed triple stays as it is: `%2%35` is not `%25`.
 */
export function normalizeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  let normal = "";
  for (let at = 0; at < segment.length; at++) {
    if (segment[at] !== "%") {
      normal += segment[at];
      continue;
    }
    const byte = tripleAt(segment, at);
    if (byte === undefined) return segment;
    normal += isUnreserved(byte) ? String.fromCharCode(byte) : segment.slice(at, at + 3).toUpperCase();
    at += 2;
  }
  return normal;
}

/** A query key or value: like `decodePercent`, and `+` is a space. */
export function decodeQueryText(text: string): string | undefined {
  return decodePercent(text.includes("+") ? text.replaceAll("+", " ") : text);
}

/** Decodes the text of a variable of several segments, where some triples stay as they are written. */
export function decodeMultiSegment(text: string, unescaping: Dialect["unescape"]): string | undefined {
  return decodePercent(text, kept[unescaping]);
}

const slash = 0x2f;
/** RFC 6570 §1.5, "reserved". */
const reserved = new Set(Array.from("!#$&'()*+,/:;=?@[]", (char) => char.charCodeAt(0)));
const kept: Readonly<Record<Dialect["unescape"], (byte: number) => boolean>> = {
  all: () => false,
  "except-slash": (byte) => byte === slash,
  "all-except-reserved": (byte) => reserved.has(byte),
};
