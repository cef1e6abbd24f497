// Verifies JSON Web Tokens by the keys of their issuer. What is verified is remembered for a minute; what is refused is
// not, so that wrong tokens, however many, take no memory.
// Source: RFC 7519 §7.2, RFC 8725.
import { hash } from "node:crypto";
import { type CheckedToken, createTokenCheck, objectTo, unknownKey } from "./check-token.ts";
import type { KeySet } from "./key-set.ts";
import { keepKeys } from "./key-source.ts";
import { readIdentity } from "./token-identity.ts";
import { createTokenMemory } from "./token-memory.ts";
import { readTokenRules, type TokenVerifierOptions } from "./token-options.ts";
import { invalid, type Verdict, type Verifier } from "./verifier.ts";

/** No header that a listener takes is longer than this; tokens with many groups have 4 KB. */
const maxTokenLength = 16 * 1024;

/**
 * A token has to be signed with one of `algorithms` by a key of the issuer's set, and to have `iss`, `aud`, `sub` and
 * `exp`. A key that is not in the set makes it read anew, as often as `cooldownMs` allows. While it cannot be read the
 * known keys go on, and a token with another key is neither right nor wrong: `unavailable`.
 * @throws Error naming the option that cannot work
 */
export function createTokenVerifier(options: TokenVerifierOptions): Verifier {
  const { now = Date.now, monotonicNow = () => performance.now(), logger } = options;
  const { clockToleranceMs = 60_000 } = options;
  const rules = readTokenRules(options);
  const kept = keepKeys(options, rules.secrets, logger, monotonicNow);
  const memory = createTokenMemory(now, monotonicNow);
  const checkToken = createTokenCheck(rules, clockToleranceMs, now, logger);

  const verifyBy = (token: string, digest: string, keys: KeySet | undefined): Verdict | Promise<Verdict> => {
    if (keys === undefined) return unreadable;
    return memory.recall(digest, keys) ?? verifyAnew(token, digest, keys);
  };

  const verifyAnew = async (token: string, digest: string, keys: KeySet): Promise<Verdict> => {
    const checked = await checkToken(token, keys);
    return checked === unknownKey ? verifyByNewer(token, digest, keys) : accept(checked, token, digest, keys);
  };

  /** Once, not for ever: a set that is another one at each look must not keep a call busy. */
  const verifyByNewer = async (token: string, digest: string, keys: KeySet): Promise<Verdict> => {
    const { value, certain } = await kept.renew();
    const newer = value === keys ? undefined : value;
    const recalled = newer && memory.recall(digest, newer);
    if (recalled !== undefined) return recalled;
    const checked = newer === undefined ? unknownKey : await checkToken(token, newer);
    if (newer === undefined || checked === unknownKey) return certain ? unknownKey : unreadable;
    return accept(checked, token, digest, newer);
  };

  const accept = (checked: CheckedToken, token: string, digest: string, keys: KeySet): Verdict => {
    if (checked.kind !== "claims") return checked;
    const verdict = readIdentity(checked.claims);
    if (verdict.kind === "verified") {
      const expiresAtMs = (checked.claims.exp ?? 0) * 1000 + clockToleranceMs;
      memory.remember(digest, keys, verdict, expiresAtMs, token.length);
    }
    return verdict;
  };

  return {
    scheme: "bearer",
    verify(token) {
      if (token.length > maxTokenLength) return invalid("the token is too long");
      const digest = hash("sha256", token, "base64");
      const objection = memory.has(digest) ? undefined : objectTo(token, rules);
      if (objection !== undefined) return objection;
      const keys = kept.get();
      if (!(keys instanceof Promise)) return verifyBy(token, digest, keys);
      return keys.then((loaded) => verifyBy(token, digest, loaded));
    },
    refresh: () => kept.refresh(),
  };
}

const unreadable: Verdict = {
  kind: "unavailable",
  reason: "the keys of the token's issuer cannot be read at the moment",
};
