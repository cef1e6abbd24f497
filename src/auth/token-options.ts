// What a token verifier is told, and what of it cannot work: found at the start, not at the first call.
// Source: RFC 8725 (JSON Web Token Best Current Practices) §3.1, §3.2, §3.8, §3.9.
import type { Logger } from "../rpc/logger.ts";

export interface TokenVerifierOptions {
  /** `iss` of the tokens, compared exactly; one of them where there are several. */
  readonly issuer: string | readonly string[];
  /** `aud` has to name one of these: a token made for somebody else is not for us, though its issuer is ours. */
  readonly audience: string | readonly string[];
  /** Default: RSA, ECDSA and EdDSA. HS256, HS384 and HS512 only with a file of shared secrets, and only among themselves. */
  readonly algorithms?: readonly string[];
  /** Where the keys are: path of a file, or URL, `https:` or `http:` on this machine. A JSON Web Key Set. */
  readonly jwks: string;
  /** Whether a URL may be `http:` on other machines: who can change what is on the way chooses the keys. Default: false. */
  readonly allowHttp?: boolean;
  /** By how much the issuer's clock may differ, at `exp` and `nbf`. Default: one minute. */
  readonly clockToleranceMs?: number;
  /** Of reading the keys. Default: three seconds. */
  readonly timeoutMs?: number;
  /** Age of the keys from a URL at which they are read again in the background; twice that, and callers wait. Default: five minutes. */
  readonly refreshMs?: number;
  /** How often a key that nobody knows makes us read the keys of a URL again. Default: once in ten seconds. */
  readonly cooldownMs?: number;
  /** Told when the keys can no longer be read, and when they can again; never of tokens. */
  readonly logger: Logger;
  /** Milliseconds since the epoch, for `exp` and `nbf`. */
  readonly now?: () => number;
  /** Monotonic milliseconds, for ages. */
  readonly monotonicNow?: () => number;
}

const asymmetric: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const symmetric: readonly string[] = ["HS256", "HS384", "HS512"];

export interface TokenRules {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** Whether the keys are shared secrets. */
  readonly secrets: boolean;
}

/** @throws Error naming the option that cannot work */
export function readTokenRules(options: TokenVerifierOptions): TokenRules {
  const { algorithms = asymmetric } = options;
  if (algorithms.length === 0) throw new Error("algorithms: expected at least one");
  for (const name of algorithms) {
    if (!asymmetric.includes(name) && !symmetric.includes(name)) {
      throw new Error(
        `algorithms: ${JSON.stringify(name)} is none of ${asymmetric.concat(symmetric).join(", ")}`,
      );
    }
  }
  const secrets = algorithms.some((name) => symmetric.includes(name));
  if (secrets && algorithms.some((name) => asymmetric.includes(name))) {
    throw new Error("algorithms: HS* beside others would let a public key pass for a shared secret");
  }
  if (secrets && keyUrl(options) !== undefined) {
    throw new Error(
      "algorithms: HS* needs a shared secret, which is no thing to fetch from a URL; name a file",
    );
  }
  return {
    issuers: readNames("issuer", options.issuer),
    audiences: readNames("audience", options.audience),
    algorithms,
    secrets,
  };
}

/** An empty list must not come to mean "anybody". */
function readNames(option: string, value: string | readonly string[]): readonly string[] {
  const names = typeof value === "string" ? [value] : value;
  if (names.length === 0 || names.includes(""))
    throw new Error(`${option}: expected at least one, none empty`);
  return names;
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The URL of the keys; undefined where they are in a file.
 * @throws Error for a URL that is not to be fetched
 */
export function keyUrl({ jwks, allowHttp = false }: TokenVerifierOptions): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(jwks)) return undefined;
  const url = URL.canParse(jwks) ? new URL(jwks) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Error("jwks: expected the path of a file, or a URL with https:");
  }
  if (url.username !== "" || url.password !== "") throw new Error("jwks: a URL has no room for credentials");
  if (url.protocol === "http:" && !loopback.test(url.hostname) && !allowHttp) {
    throw new Error(
      "jwks: http: lets whoever is on the way choose the keys; use https:, or allow it explicitly",
    );
  }
  return url;
}
