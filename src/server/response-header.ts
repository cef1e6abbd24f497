// What of a response's header goes on the wire: no hop-by-hop entries, no framing but ours, no character that would
// break it. Nothing here throws: a reply with an odd header value is still a reply.
// Source: RFC 9110 §5.5 (field values), §7.6.1 (connection-specific), RFC 9113 §8.2.2.
import type { Header } from "../rpc/header.ts";

/** Node's writers take text, one byte per character; Latin-1 letters pass because backends send UTF-8 bytes so. */
const badInValue = /[^\t\x20-\x7e\x80-\xff]/;
const name = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** A Set would hash each name; a switch on interned strings does not. */
function isFraming(name: string): boolean {
  switch (name) {
    case "connection":
    case "content-length":
    case "keep-alive":
    case "proxy-connection":
    case "te":
    case "trailer":
    case "transfer-encoding":
    case "upgrade":
      return true;
    default:
      return false;
  }
}

/**
 * Appends the entries that may be sent to `flat` (name, value, name, value …) and returns it.
 * An entry with an impossible name is dropped, an impossible character in a value becomes `?`; both are reported.
 */
export function appendHeader(flat: string[], header: Header, report: (problem: Error) => void): string[] {
  const entries = header.flat;
  for (let i = 0; i < entries.length; i += 2) {
    const key = entries[i] as string;
    const value = entries[i + 1] as string;
    if (isFraming(key)) continue;
    if (!name.test(key)) {
      report(new Error(`dropped a header whose name cannot be sent: ${JSON.stringify(key).slice(0, 80)}`));
    } else if (badInValue.test(value)) {
      report(new Error(`replaced characters that cannot be sent in the value of ${key}`));
      flat.push(key, value.replace(new RegExp(badInValue.source, "g"), "?"));
    } else {
      flat.push(key, value);
    }
  }
  return flat;
}

/** A trailer as the object that Node's trailer writers take; duplicates become lists. */
export function trailerObject(
  header: Header,
  report: (problem: Error) => void,
): Record<string, string | string[]> {
  const flat = appendHeader([], header, report);
  // Without a prototype, so that an entry named __proto__ is an entry.
  const object: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < flat.length; i += 2) {
    const key = flat[i] as string;
    const value = flat[i + 1] as string;
    const before = object[key];
    if (before === undefined) object[key] = value;
    else if (typeof before === "string") object[key] = [before, value];
    else before.push(value);
  }
  return object;
}
