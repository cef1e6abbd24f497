// 64 bits that stand for a key, so that tables hold numbers of one size and no text. The hash is keyed by chance: whoever
// writes keys cannot look for two that are one. Source: HalfSipHash-1-3 (Aumasson and Bernstein, SipHash).
import { randomBytes } from "node:crypto";

/** Two words; the hasher writes into the one that it was given, because a call should not make garbage. */
export type KeyHash = Uint32Array;

export type KeyHasher = (key: string, salt: number, into: KeyHash) => void;

/** Hashes by a secret of its own. Never zero in both words. */
export function createKeyHasher(secret: Uint8Array = randomBytes(8)): KeyHasher {
  const view = new DataView(secret.buffer, secret.byteOffset, 8);
  const secret0 = view.getInt32(0, true);
  const secret1 = view.getInt32(4, true);
  const saltNumber = new Float64Array(1);
  const saltWords = new Int32Array(saltNumber.buffer);
  return (key, salt, into) => {
    saltNumber[0] = salt;
    const key0 = secret0 ^ (saltWords[0] ?? 0);
    const key1 = secret1 ^ (saltWords[1] ?? 0);
    let v0 = key0;
    let v1 = key1 ^ 0xee;
    let v2 = 0x6c796765 ^ key0;
    let v3 = 0x74656462 ^ key1;
    const { length } = key;
    // Two UTF-16 units are a word, the last of all being what is left over and the length; then three empty rounds, and
    // again three for the second half.
    const wordCount = (length >> 1) + 1;
    for (let step = 0; step < wordCount + 6; step++) {
      let word = 0;
      if (step < wordCount - 1) word = key.charCodeAt(2 * step) | (key.charCodeAt(2 * step + 1) << 16);
      else if (step === wordCount - 1)
        word = (length << 24) | ((length & 1) === 1 ? key.charCodeAt(length - 1) : 0);
      else if (step === wordCount) v2 ^= 0xee;
      else if (step === wordCount + 3) {
        into[0] = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = (v1 << 5) | (v1 >>> 27);
      v1 ^= v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = (v3 << 8) | (v3 >>> 24);
      v3 ^= v2;
      v0 = (v0 + v3) | 0;
      v3 = (v3 << 7) | (v3 >>> 25);
      v3 ^= v0;
      v2 = (v2 + v1) | 0;
      v1 = (v1 << 13) | (v1 >>> 19);
      v1 ^= v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    into[1] = v1 ^ v3;
    if (into[0] === 0 && into[1] === 0) into[1] = 1;
  };
}
