// Cookies of a request by name. Total: what is no `name=value` is skipped.
// Source: RFC 6265 §4.2.1; values are percent-decoded, as every library that writes text into them encodes them.
import type { Header } from "../rpc/header.ts";
import { decodePercent } from "../wire/percent.ts";

/** The values of a cookie in the order sent; HTTP/2 may spread them over several `cookie` entries (RFC 9113 §8.2.3). */
export function cookieValues(header: Header, name: string): string[] {
  const values: string[] = [];
  for (const line of header.getAll("cookie")) {
    for (const pair of line.split(";")) {
      const equals = pair.indexOf("=");
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      const raw = pair.slice(equals + 1).trim();
      const text = raw.length > 1 && raw.startsWith('"') && raw.endsWith('"') ? raw.slice(1, -1) : raw;
      // A cookie is opaque: where it is not encoded, its percent signs are its own.
      values.push(decodePercent(text) ?? text);
    }
  }
  return values;
}
