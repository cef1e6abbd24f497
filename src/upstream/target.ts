// How people write where a backend is: `host:port`, `http://host:port`, `https://host[:port]`, with `name=` before it
// to name it. Source: design.md §1, `UPSTREAM`.
import type { Address, Target } from "./upstream.ts";

/** A target, or one sentence that says what was expected instead. */
export type ParsedTarget =
  | { readonly ok: true; readonly value: Target }
  | { readonly ok: false; readonly message: string };

export interface NamedTarget {
  /** Absent where none was given. */
  readonly name?: string;
  readonly target: Target;
}

export type ParsedNamedTarget =
  | { readonly ok: true; readonly value: NamedTarget }
  | { readonly ok: false; readonly message: string };

const expected = "expected host:port, http://host:port or https://host[:port]";
const httpsPort = 443;
/** Letters, digits and what separates labels; `_` stands in names of container networks. */
const hostPattern = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?\.?$/i;
/** A name stands in logs, metrics and pages. */
const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** Reads a target. `https://` means TLS and port 443 unless it says otherwise; IPv6 addresses stand in brackets. */
export function parseTarget(text: string): ParsedTarget {
  const refuse = (reason: string): ParsedTarget => ({ ok: false, message: `${expected}: ${reason}` });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const schemeName = scheme?.[1]?.toLowerCase();
  if (schemeName !== undefined && schemeName !== "http" && schemeName !== "https") {
    return refuse(`no scheme ${schemeName}`);
  }
  const tls = schemeName === "https";
  const place = text.slice(scheme?.[0].length ?? 0).replace(schemeName === undefined ? "" : /\/$/, "");
  if (/[/?#@\s]/.test(place)) return refuse("no path, query, user or space");
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(place);
  const colon = place.indexOf(":");
  if (!bracketed && colon !== place.lastIndexOf(":")) return refuse("an IPv6 address stands in brackets");

  const host = bracketed ? bracketed[1] : colon === -1 ? place : place.slice(0, colon);
  const portText = bracketed ? bracketed[2] : colon === -1 ? undefined : place.slice(colon + 1);
  if (host === undefined || host === "") return refuse("no host given");
  if (bracketed ? !URL.canParse(`http://[${host}]/`) : !hostPattern.test(host)) return refuse("not a host");
  if (portText === undefined && !tls) return refuse("no port given");
  const port = portText === undefined ? httpsPort : Number(portText);
  if (portText !== undefined && (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65535)) {
    return refuse("a port is a number from 1 to 65535");
  }
  return { ok: true, value: { host: host.toLowerCase(), port, tls } };
}

/** Reads a target with or without `name=` before it. */
export function parseNamedTarget(text: string): ParsedNamedTarget {
  const equals = text.indexOf("=");
  const parsed = parseTarget(text.slice(equals + 1));
  if (!parsed.ok) return parsed;
  if (equals === -1) return { ok: true, value: { target: parsed.value } };
  const name = text.slice(0, equals);
  if (!namePattern.test(name)) {
    return {
      ok: false,
      message: "expected a name of at most 64 letters, digits, `.`, `_` and `-` before `=`",
    };
  }
  return { ok: true, value: { name, target: parsed.value } };
}

/** `host:port`, an IPv6 address in brackets; what an upstream is called that has no name. */
export function formatTarget(target: Address): string {
  return target.host.includes(":") ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

/** Whether a host, without brackets, is an address: the last label of a name is no number, and it has no colon. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}
