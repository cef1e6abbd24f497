// Whose count a call is on: the text that a key expression gives for a call. Two calls have the same text where all parts
// of the expression have the same values, and only then. Source: protos/protogate/v1/options.proto (RateLimit.key).
import type { Call } from "../../rpc/call.ts";
import type { Header } from "../../rpc/header.ts";
import type { Identity } from "../../rpc/identity.ts";
import type { LimitKey, LimitKeyPart } from "../flow-policy.ts";
import type { AddressRange } from "./address-range.ts";
import { clientAddressOf } from "./client-address.ts";
import type { FieldReader } from "./field-reader.ts";
import { boundTokens, contradictoryToken, encodeToken, missingToken } from "./token.ts";

export interface LimitKeyOptions {
  /** Whose `x-forwarded-for` counts; nobody's where empty. */
  readonly trustedProxies: readonly AddressRange[];
  /** The reader of a `field:`, by names of the .proto; undefined where the request has no such field. */
  readonly fieldReader: (path: string) => FieldReader | undefined;
  /** The values of a cookie, in the order sent. */
  readonly cookieValues: (header: Header, name: string) => readonly string[];
}

/**
 * The text of a call: at most 128 characters of ASCII.
 * @param firstMessage of a stream, for keys with `field:`; undefined where there was none. A unary call brings its own.
 */
export type LimitKeyOf = (call: Call, firstMessage?: Uint8Array) => string;

/** Keys of eight short values stay readable; the store's limit is 256 with what tells limits apart. */
const maxKeyChars = 128;

export function compileLimitKey({ parts }: LimitKey, options: LimitKeyOptions): LimitKeyOf {
  const [first, ...others] = parts.flatMap((part) => compilePart(part, options) ?? []);
  if (first === undefined) return () => "";
  if (others.length === 0) return first;
  return (call, firstMessage) => {
    let tokens = first(call, firstMessage);
    for (const tokenOf of others) tokens += tokenOf(call, firstMessage);
    return boundTokens(tokens, maxKeyChars);
  };
}

/** Undefined for what is the same for every call. */
function compilePart(part: LimitKeyPart, options: LimitKeyOptions): LimitKeyOf | undefined {
  switch (part.kind) {
    case "global":
      return undefined;
    case "ip": {
      const { trustedProxies } = options;
      return (call) => optional(clientAddressOf(call, trustedProxies));
    }
    case "rpc":
      return ({ method }) => encodeToken(method.path);
    case "header":
      return compileHeader(part.name);
    case "cookie": {
      const { cookieValues } = options;
      return ({ header }) => agreed(cookieValues(header, part.name));
    }
    case "principal":
      return principalToken;
    case "claim":
      return ({ identity }) => claimToken(identity, part.name);
    case "field": {
      const read = options.fieldReader(part.path);
      if (read === undefined) return () => missingToken;
      return (call, firstMessage) => {
        const message = call.kind === "unary" ? call.message : firstMessage;
        return message === undefined ? missingToken : optional(read(message));
      };
    }
  }
}

function compileHeader(name: string): LimitKeyOf {
  return ({ header }) => {
    const { flat } = header;
    let value: string | undefined;
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] !== name) continue;
      // HTTP/2 cuts `cookie` into pieces as it likes; it is one header all the same (RFC 9113 §8.2.3).
      if (value !== undefined) {
        const values = header.getAll(name);
        return name === "cookie" ? encodeToken(values.join("; ")) : agreed(values);
      }
      value = flat[i + 1] as string;
    }
    return value === undefined ? missingToken : encodeToken(value.trim());
  };
}

/**
 * What is said twice alike is said once. Who says different things has no value of his own but shares a count with all
 * who do: which of them the backend takes is not known, and if each list had its own count, a client that has used up
 * its own would go on by adding a value, a new one each time.
 */
function agreed(values: readonly string[]): string {
  const [first] = values;
  if (first === undefined) return missingToken;
  const value = first.trim();
  return values.every((other) => other.trim() === value) ? encodeToken(value) : contradictoryToken;
}

function optional(value: string | undefined): string {
  return value === undefined ? missingToken : encodeToken(value);
}

/** Marked by what proves it, so that the name of a key is not taken for that of a certificate. */
function principalToken({ identity, principal }: Call): string {
  if (identity !== undefined) {
    // A subject is unique with its issuer only (RFC 7519 §4.1.2).
    const issuer = claimOf(identity, "iss");
    return `i${encodeToken(identity.subject)}${typeof issuer === "string" ? encodeToken(issuer) : missingToken}`;
  }
  if (principal === undefined) return missingToken;
  // The subject, since a renewed certificate has another fingerprint.
  const { subject, fingerprint } = principal;
  return subject === "" ? `f${encodeToken(fingerprint)}` : `s${encodeToken(subject)}`;
}

function claimToken(identity: Identity | undefined, name: string): string {
  const value = identity === undefined ? undefined : claimOf(identity, name);
  if (value === undefined || value === null) return missingToken;
  if (typeof value === "string") return encodeToken(value);
  // Marked, so that the number 1 is not the text "1".
  try {
    return `j${encodeToken(JSON.stringify(value) ?? "")}`;
  } catch {
    return missingToken;
  }
}

/** Claims are named by their issuer: `constructor` is one only where the token has it. */
function claimOf({ claims }: Identity, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}
