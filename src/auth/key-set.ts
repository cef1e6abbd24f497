// Keys that verify tokens, from the text of a JSON Web Key Set. Which key a token gets is decided by its `alg` and `kid`
// among the keys of the set; what else its header says of keys (`jku`, `jwk`, `x5u`, `x5c`) is not looked at.
// Source: RFC 7517 §5; RFC 8725 §3.1 and §3.10 (a key is used with its own algorithm, and comes from the verifier).
import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from "jose";

export interface KeySet {
  /**
   * @throws errors.JWKSNoMatchingKey
   * @throws errors.JWKSMultipleMatchingKeys which iterates over the keys, at most `maxKeys`
   */
  readonly keyOf: JWTVerifyGetKey;
}

/** Issuers have two or three. A token without `kid` is tried with each that fits, so their number is its cost. */
const maxKeys = 32;

/**
 * @param secrets whether the keys are shared secrets (`oct`); else they are public keys, and only those are taken
 * @throws Error which says what is wrong, without quoting the text: it may hold secrets
 */
export function parseKeySet(text: string, secrets: boolean): KeySet {
  const keys = readKeys(text);
  const usable = keys.filter(secrets ? isSecret : isPublic);
  if (usable.length === 0) {
    const wanted = secrets ? "a shared secret (`kty` oct) of at least 32 bytes" : "a public key";
    throw new Error(`none of its ${keys.length} keys is ${wanted}`);
  }
  if (usable.length > maxKeys) throw new Error(`it has ${usable.length} keys, at most ${maxKeys} are taken`);
  return { keyOf: secrets ? secretOf(usable) : createLocalJWKSet({ keys: usable }) };
}

function readKeys(text: string): readonly JWK[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  if (!isObject(parsed) || !Array.isArray(parsed.keys)) {
    throw new Error("it is no key set: expected an object with a list `keys`");
  }
  return parsed.keys.filter(isObject).map((key) => key as unknown as JWK);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const publicTypes: ReadonlySet<unknown> = new Set(["RSA", "EC", "OKP"]);

function isPublic(key: JWK): boolean {
  return publicTypes.has(key.kty) && key.d === undefined;
}

/** As long as the shortest hash, RFC 7518 §3.2. */
const minSecretBytes = 32;

function isSecret(key: JWK): boolean {
  return key.kty === "oct" && typeof key.k === "string" && secretBytes(key).length >= minSecretBytes;
}

function secretBytes(key: JWK): Uint8Array {
  return Buffer.from(key.k ?? "", "base64url");
}

function secretOf(keys: readonly JWK[]): JWTVerifyGetKey {
  const known = keys.map(({ kid, alg, ...key }) => ({ kid, alg, bytes: secretBytes(key as JWK) }));
  return ({ kid, alg }) => {
    const fitting = known.filter(
      (key) => (kid === undefined || key.kid === kid) && (key.alg === undefined || key.alg === alg),
    );
    const [first] = fitting;
    if (first === undefined) throw new errors.JWKSNoMatchingKey();
    if (fitting.length === 1) return first.bytes;
    const several = new errors.JWKSMultipleMatchingKeys();
    several[Symbol.asyncIterator] = async function* () {
      for (const { bytes } of fitting) yield bytes as never;
    };
    throw several;
  };
}
