// Which origins a browser may call from: `https://app.example.com` exactly, `https://*.example.com` any name below,
// `*` any at all. Compared by scheme, host and port as browsers send them.
// Source: RFC 6454 §6.2 (serialised origins), Fetch §3.2 (CORS protocol).

export type OriginReading =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string };

const defaultPort: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** Scheme, an optional `*.`, a name or an address, an optional port or `*` for any. `null` is sandboxed pages and files. */
const grammar =
  /^([a-z][a-z0-9+.-]{0,30}):\/\/((?:\*\.)?[a-z0-9_](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,60}\])(?::(\d{1,5}|\*))?$/;

/** One entry of `cors.origins`, brought into the form that browsers send: lower case, no default port. Total. */
export function parseOrigin(text: string): OriginReading {
  const lower = text.toLowerCase();
  if (lower === "*" || lower === "null") return { ok: true, value: lower };
  const [, scheme = "", host = "", port] = grammar.exec(lower) ?? [];
  if (host === "") return { ok: false, message: `${expectation(lower)}, got \`${printable(text)}\`` };
  if (port === undefined || port === defaultPort[scheme]) return { ok: true, value: `${scheme}://${host}` };
  if (port !== "*" && Number(port) > 65_535) {
    return { ok: false, message: `expected a port up to 65535, got \`${port}\`` };
  }
  return { ok: true, value: `${scheme}://${host}:${port}` };
}

function expectation(text: string): string {
  if (/^[a-z]+:\/\/[^/]+\//.test(text))
    return "expected an origin, which has no path and no slash at its end";
  if (!text.includes("://")) return "expected an origin with its scheme, such as `https://app.example.com`";
  if (text.includes("*"))
    return "expected `*` only as the first label (`https://*.example.com`) or as the port";
  return "expected an origin such as `https://app.example.com`, `https://*.example.com` or `*`";
}

function printable(text: string): string {
  return text.slice(0, 80).replace(/[^ -~]/g, "?");
}

export interface OriginSet {
  /** Whether every origin is in it. */
  readonly any: boolean;
  /** @param origin the header as it came; anything that is no origin is in no set but `any` */
  has(origin: string): boolean;
}

/** @param origins as `parseOrigin` returns them */
export function createOriginSet(origins: readonly string[]): OriginSet {
  const exact = new Set(origins.filter((origin) => !origin.includes("*")));
  const patterns = origins.filter((origin) => origin.includes("*") && origin !== "*").map(compile);
  const any = origins.includes("*");
  return {
    any,
    has: (origin) => any || exact.has(origin) || patterns.some((matches) => matches(origin)),
  };
}

/** By comparison and not by a built regular expression: what is anchored wrongly lets `example.com.evil.org` in. */
function compile(pattern: string): (origin: string) => boolean {
  const anyPort = pattern.endsWith(":*");
  const rest = anyPort ? pattern.slice(0, -2) : pattern;
  const star = rest.indexOf("*.");
  const [before, after] = star === -1 ? [rest, ""] : [rest.slice(0, star), rest.slice(star + 1)];
  return (origin) => {
    const text = anyPort ? origin.replace(/:\d{1,5}$/, "") : origin;
    if (star === -1) return text === before;
    if (!text.startsWith(before) || !text.endsWith(after)) return false;
    // Several labels are a name below as well; an empty one is none.
    const labels = text.slice(before.length, text.length - after.length);
    return text.length > before.length + after.length && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(labels);
  };
}

/** Whether a page of the gateway's own host sent it, port included; the schemes may differ behind a proxy that ends TLS. */
export function isSameHost(origin: string, host: string | undefined): boolean {
  const [, scheme = "", name] = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/.exec(origin) ?? [];
  if (name === undefined || host === undefined) return false;
  const port = defaultPort[scheme];
  const bare = host.toLowerCase();
  return name === (port !== undefined && bare.endsWith(`:${port}`) ? bare.slice(0, -port.length - 1) : bare);
}
