// The expression that says who shares a count: `header:x-user-id, rpc`.
// Source: protos/protogate/v1/options.proto (RateLimit.key); RFC 9110 §5.6.2 (names of headers), RFC 6265 §4.1.1
// (names of cookies).
import { isTransportName } from "../../wire/metadata.ts";
import type { LimitKey, LimitKeyPart } from "../flow-policy.ts";

/** More than any sensible count is told apart by, and few enough for a key of bounded length. */
const maxParts = 8;
const maxChars = 1024;

const plainParts = {
  global: { kind: "global" },
  ip: { kind: "ip" },
  rpc: { kind: "rpc" },
  principal: { kind: "principal" },
} as const satisfies Record<string, LimitKeyPart>;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const metadataName = /^[0-9a-z_.-]+$/;
const fieldPath = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,31}$/;

/**
 * Parses a key; spaces around its parts do not count, and an empty text is `global`, as in the options.
 * That a `field:` is a singular scalar of the request is for the caller to check.
 * @returns the key, or what is wrong with it
 */
export function parseLimitKey(text: string): LimitKey | string {
  if (text.length > maxChars) return `a key of ${text.length} characters, at most ${maxChars} are read`;
  if (text.trim() === "") return { text: "global", parts: [plainParts.global] };
  const texts = text.split(",").map((part) => part.trim());
  if (texts.length > maxParts) return `a key of ${texts.length} parts, at most ${maxParts} are read`;
  const parts: LimitKeyPart[] = [];
  const seen = new Set<string>();
  for (const written of texts) {
    const part = parsePart(written);
    if (typeof part === "string") return part;
    const canonical = formatPart(part);
    if (seen.has(canonical)) return `${canonical} stands there twice`;
    seen.add(canonical);
    parts.push(part);
  }
  return { text: [...seen].join(","), parts };
}

/** Whether the count depends on a message, so that of a stream it is not known before the first one. */
export function readsMessage({ parts }: LimitKey): boolean {
  return parts.some(({ kind }) => kind === "field");
}

function parsePart(text: string): LimitKeyPart | string {
  if (text === "") return "an empty part between two commas";
  if (text === "global" || text === "ip" || text === "rpc" || text === "principal") return plainParts[text];
  const colon = text.indexOf(":");
  const kind = text.slice(0, Math.max(colon, 0));
  const name = text.slice(colon + 1).trim();
  switch (kind) {
    case "header":
      return parseHeader(name);
    case "cookie":
      return token.test(name) ? { kind, name } : `${JSON.stringify(name)} is no name of a cookie`;
    case "claim":
      return name === "" ? "claim: without a name" : { kind, name };
    case "field":
      return fieldPath.test(name) ? { kind, path: name } : `${JSON.stringify(name)} is no path of a field`;
    default:
      return `${JSON.stringify(text)} is none of global, ip, rpc, principal, header:, cookie:, claim:, field:`;
  }
}

function parseHeader(written: string): LimitKeyPart | string {
  const name = written.toLowerCase();
  if (!metadataName.test(name)) return `${JSON.stringify(written)} is no name of a header`;
  // Those stay with the connection: everybody would be without it.
  if (isTransportName(name)) return `header ${name} belongs to the transport, calls do not have it`;
  return { kind: "header", name };
}

function formatPart(part: LimitKeyPart): string {
  if ("name" in part) return `${part.kind}:${part.name}`;
  return part.kind === "field" ? `field:${part.path}` : part.kind;
}
