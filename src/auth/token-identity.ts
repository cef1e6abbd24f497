// Who a verified token's bearer is, from its claims.
// Source: RFC 7519 §4.1.2 (sub), RFC 8693 §4.2 (scope); `scp` is what several issuers call it.
import type { Identity } from "../rpc/identity.ts";
import { invalid, type Verdict } from "./verifier.ts";

/** OpenID Connect allows 255 characters; what is longer would also outgrow headers at the backends. */
const maxSubjectLength = 1024;

export function readIdentity(claims: Readonly<Record<string, unknown>>): Verdict {
  // Claims are named by others: `sub` is taken from the token itself, never from a prototype.
  const subject = own(claims, "sub");
  if (typeof subject !== "string" || subject === "") return invalid("the token names no subject (sub)");
  if (subject.length > maxSubjectLength || !subject.isWellFormed()) {
    return invalid("the subject of the token cannot be used");
  }
  const identity: Identity = {
    subject,
    claims,
    scopes: readScopes(own(claims, "scope") ?? own(claims, "scp")),
  };
  return { kind: "verified", identity };
}

function own(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** A text with spaces, or a list of texts. */
function readScopes(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((scope) => scope !== "");
  return Array.isArray(value) ? value.filter((scope) => typeof scope === "string") : [];
}
