// Checks one token against a set of keys: signature, algorithm and claims, by jose. Nothing is remembered here.
// Source: RFC 7519 §7.2; RFC 8725 §3.1 (algorithms), §3.8 (issuer), §3.9 (audience).
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import type { Logger } from "../rpc/logger.ts";
import type { KeySet } from "./key-set.ts";
import { judgeFailure } from "./token-failure.ts";
import type { TokenRules } from "./token-options.ts";
import { invalid, type Verdict } from "./verifier.ts";

/** The keys do not have the one that has signed the token. */
export const unknownKey = invalid("the token is signed with a key that its issuer does not have");

export type CheckedToken = { readonly kind: "claims"; readonly claims: JWTPayload } | Verdict;

/**
 * What is wrong with a token whoever has signed it. Asked before any key is: a token that no key could help is no reason
 * to fetch some. Nothing that the token says is believed here.
 */
export function objectTo(token: string, { algorithms, issuers }: TokenRules): Verdict | undefined {
  // The decoder below passes over white space, and one token should not have a thousand spellings.
  if (!compactForm.test(token)) return unreadable;
  try {
    const { alg } = decodeProtectedHeader(token);
    if (alg === undefined || !algorithms.includes(alg)) {
      return invalid("the algorithm of the token is not accepted");
    }
    const { iss } = decodeJwt(token);
    if (iss !== undefined && issuers.includes(iss)) return undefined;
    return { kind: "invalid", reason: "the token has another issuer (iss)", foreign: true };
  } catch {
    return unreadable;
  }
}

/** RFC 7515 §7.1, with a signature. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const unreadable = invalid("the token is no JWT that can be verified");

/**
 * Checks tokens to which there is no objection.
 * @param now milliseconds since the epoch
 */
export function createTokenCheck(
  { algorithms, issuers, audiences }: TokenRules,
  clockToleranceMs: number,
  now: () => number,
  logger: Logger,
): (token: string, keys: KeySet) => Promise<CheckedToken> {
  const demands: JWTVerifyOptions = {
    algorithms: [...algorithms],
    issuer: [...issuers],
    audience: [...audiences],
    requiredClaims: ["exp"],
    clockTolerance: clockToleranceMs / 1000,
  };
  const complainedOf = new WeakSet<KeySet>();
  return async (token, keys) => {
    const demandsNow = { ...demands, currentDate: new Date(now()) };
    try {
      const { payload } = await jwtVerify(token, keys.keyOf, demandsNow);
      return { kind: "claims", claims: payload };
    } catch (reason) {
      if (reason instanceof errors.JWKSMultipleMatchingKeys) return tryEach(reason, token, demandsNow);
      if (reason instanceof errors.JWKSNoMatchingKey) return unknownKey;
      if (reason instanceof errors.JWSSignatureVerificationFailed && isNameless(token)) return unknownKey;
      const verdict = judgeFailure(reason);
      if (verdict !== undefined) return verdict;
      // Not the token's fault, as far as we know: an RSA key of 1024 bits, a point that is on no curve.
      if (!complainedOf.has(keys)) logger.warn("a key cannot be used", { error: String(reason) });
      complainedOf.add(keys);
      return invalid("the token is signed with a key that cannot be used");
    }
  };
}

/** Where a token does not name its key, a wrong signature may as well mean that the key is a newer one. */
function isNameless(token: string): boolean {
  return decodeProtectedHeader(token).kid === undefined;
}

/** A token that does not name its key, or a set with one name twice: any of the keys may have signed it. */
async function tryEach(
  keys: errors.JWKSMultipleMatchingKeys,
  token: string,
  demands: JWTVerifyOptions,
): Promise<CheckedToken> {
  for await (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, demands);
      return { kind: "claims", claims: payload };
    } catch (reason) {
      if (reason instanceof errors.JWSSignatureVerificationFailed) continue;
      const verdict = judgeFailure(reason);
      if (verdict !== undefined) return verdict;
    }
  }
  return unknownKey;
}
