// What jose says of a token it refuses, in words for its client: which of the token's promises does not hold, and never
// what the token contains.
// Source: RFC 6750 §3.1 (error_description is for developers).
import { errors } from "jose";
import { invalid, type Verdict } from "./verifier.ts";

const claimReasons = new Map([
  ["iss", "the token has another issuer (iss)"],
  ["aud", "the token is for another audience (aud)"],
  ["nbf", "the token is not valid yet (nbf)"],
  ["exp", "the token does not say when it expires (exp)"],
]);

/** Undefined for what is no property of the token: a key that cannot be used, a bug. */
export function judgeFailure(reason: unknown): Verdict | undefined {
  if (reason instanceof errors.JWTExpired) {
    return { kind: "invalid", reason: "the token has expired", expired: true };
  }
  if (reason instanceof errors.JWTClaimValidationFailed) {
    return invalid(claimReasons.get(reason.claim) ?? "a claim of the token does not hold");
  }
  if (reason instanceof errors.JOSEAlgNotAllowed)
    return invalid("the algorithm of the token is not accepted");
  if (reason instanceof errors.JWSSignatureVerificationFailed) {
    return invalid("the signature of the token is wrong");
  }
  if (reason instanceof errors.JOSEError) return invalid("the token is no JWT that can be verified");
  return undefined;
}
