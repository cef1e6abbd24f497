// Where a token verifier's keys come from, a file or one URL, and how long they are good.
import type { Logger } from "../rpc/logger.ts";
import { createKeptValue, type KeptValue } from "./kept-value.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";
import { fetchText, readFileText } from "./read-text.ts";
import { keyUrl, type TokenVerifierOptions } from "./token-options.ts";

/** @param secrets whether the keys are shared secrets */
export function keepKeys(
  options: TokenVerifierOptions,
  secrets: boolean,
  logger: Logger,
  now: () => number,
): KeptValue<KeySet> {
  const { jwks, timeoutMs = 3000, refreshMs = 300_000, cooldownMs = 10_000 } = options;
  const common = { parse: (text: string) => parseKeySet(text, secrets), timeoutMs, logger, now };
  const url = keyUrl(options);
  if (url === undefined) {
    return createKeptValue({
      ...common,
      subject: `key set ${jwks}`,
      read: () => readFileText(jwks),
      ...fileAges,
    });
  }
  return createKeptValue({
    ...common,
    // Without its query, which may hold a secret.
    subject: `key set ${url.origin}${url.pathname}`,
    read: (signal) => fetchText(url, signal),
    refreshMs,
    expireMs: 2 * refreshMs,
    cooldownMs,
    // An issuer that restarts is back in seconds, and until then every new key is refused.
    retryMs: 2000,
  });
}

/** A file costs next to nothing to read: who changes it sees the change within a second. */
export const fileAges = { refreshMs: 1000, expireMs: 1000, cooldownMs: 100, retryMs: 1000 } as const;
