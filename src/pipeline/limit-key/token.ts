// Values as pieces of a key: each says by itself where it ends, so that no value can imitate another, nor two values one;
// long ones and those that are not ASCII stand as their SHA-256, so that a key is short whatever a client sends.
import { hash } from "node:crypto";

/** Longer values are not shorter as a digest of 43 characters. */
const maxPlainChars = 40;
const plain = /^[ -~]*$/;

/** A value that is not there. */
export const missingToken = "-";
/** A value that is there more than once, differently. */
export const contradictoryToken = "*";

/** `5:alice`, or `#` and a digest. Tokens may be put one after the other: a list of values has one text, and no other has it. */
export function encodeToken(value: string): string {
  if (value.length <= maxPlainChars && plain.test(value)) return `${value.length}:${value}`;
  // In UTF-8 all lone surrogates would be one character.
  return value.isWellFormed() ? `#${digestOf(value)}` : `~${digestOf(Buffer.from(value, "utf16le"))}`;
}

/** A text of tokens that is at most `maxChars` long, which is more than 44. */
export function boundTokens(tokens: string, maxChars: number): string {
  return tokens.length <= maxChars ? tokens : `=${digestOf(tokens)}`;
}

/** 16 characters for a text that no client writes: 96 bits are enough where nobody looks for two that are one. */
export function shortDigest(text: string): string {
  // Through bytes, because a slice of a string is slower to read ever after.
  return Buffer.from(digestOf(text), "latin1").toString("latin1", 0, 16);
}

function digestOf(value: string | Uint8Array): string {
  return hash("sha256", value, "base64url");
}
