// Tokens that have been verified, by their SHA-256 and not by themselves. Bounded by number and by size; a token counts
// no longer than it says itself, nor longer than a minute, nor than the keys by which it was verified.
import { LRUCache } from "lru-cache";
import type { KeySet } from "./key-set.ts";
import type { Verdict } from "./verifier.ts";

/** How long a token that its issuer has withdrawn, or one of a key that is gone, may still be good. */
const rememberMs = 60_000;
const maxTokens = 10_000;
/** Claims in memory take about three times the length of their token. */
const maxTotalLength = 8 * 1024 * 1024;

export interface TokenMemory {
  has(digest: string): boolean;
  recall(digest: string, keys: KeySet): Verdict | undefined;
  /** @param expiresAtMs milliseconds since the epoch */
  remember(digest: string, keys: KeySet, verdict: Verdict, expiresAtMs: number, tokenLength: number): void;
}

interface Entry {
  readonly verdict: Verdict;
  /** By the clock of the day, which may jump. */
  readonly expiresAtMs: number;
  readonly forgetAtMs: number;
}

export function createTokenMemory(now: () => number, monotonicNow: () => number): TokenMemory {
  const entries = new LRUCache<string, Entry>({ max: maxTokens, maxSize: maxTotalLength });
  let verifiedBy: KeySet | undefined;
  return {
    has: (digest) => entries.has(digest),
    recall(digest, keys) {
      if (verifiedBy !== keys) {
        entries.clear();
        verifiedBy = keys;
      }
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      return monotonicNow() < entry.forgetAtMs && now() < entry.expiresAtMs ? entry.verdict : undefined;
    },
    remember(digest, keys, verdict, expiresAtMs, tokenLength) {
      // Keys that have been replaced while the signature was looked at have nothing to say any more.
      if (verifiedBy !== keys) return;
      entries.set(
        digest,
        { verdict, expiresAtMs, forgetAtMs: monotonicNow() + rememberMs },
        { size: tokenLength },
      );
    },
  };
}
