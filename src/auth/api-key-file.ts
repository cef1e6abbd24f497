// The file of API keys: one key a line, `name:sha256:scope scope`. It holds hashes, so that who reads it cannot call.
// No salt and no slow hash: keys are random, not chosen by people, and there is nothing to guess.
import type { Identity } from "../rpc/identity.ts";

/** Whose a key is, by the SHA-256 of the key in lower-case hex. */
export type ApiKeys = ReadonlyMap<string, Identity>;

/** Shown at once; a file of another format has an error in every line. */
const maxShown = 10;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@/-]{0,127}$/;
const hashPattern = /^[0-9a-f]{64}$/i;
/** RFC 6749 §3.3. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Blank lines and lines that begin with `#` are passed over. A name may have several keys, as while one takes over from
 * the other.
 * @throws Error with all that is wrong, by line numbers, and never a word of the file: it may be a key
 */
export function parseApiKeys(text: string): ApiKeys {
  const keys = new Map<string, Identity>();
  const lineOf = new Map<string, number>();
  const problems: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const entry = parseLine(line);
    if (typeof entry === "string") {
      problems.push(`line ${index + 1}: ${entry}`);
      continue;
    }
    const earlier = lineOf.get(entry.hash);
    if (earlier === undefined) {
      lineOf.set(entry.hash, index + 1);
      keys.set(entry.hash, entry.identity);
    } else problems.push(`line ${index + 1}: the key of line ${earlier} again`);
  }
  if (problems.length > 0) throw new Error(summarise(problems));
  return keys;
}

function parseLine(line: string): { readonly hash: string; readonly identity: Identity } | string {
  const [name = "", hash, scopes = "", ...rest] = line.split(":");
  if (hash === undefined) return "expected name:sha256:scopes";
  if (!namePattern.test(name)) return "the name has to be of letters, digits and ._@/-, up to 128 of them";
  if (!hashPattern.test(hash)) {
    return "expected the SHA-256 of the key in 64 hex digits: printf %s KEY | sha256sum";
  }
  // Scopes may have colons: books:read.
  const names = [scopes, ...rest]
    .join(":")
    .split(/\s+/)
    .filter((scope) => scope !== "");
  if (!names.every((scope) => scopePattern.test(scope)))
    return "a scope has a character that no scope may have";
  return { hash: hash.toLowerCase(), identity: { subject: name, claims: {}, scopes: names } };
}

function summarise(problems: readonly string[]): string {
  const more = problems.length - maxShown;
  return problems.slice(0, maxShown).join("; ") + (more > 0 ? `; and ${more} more` : "");
}
