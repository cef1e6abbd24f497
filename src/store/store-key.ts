// How a key and its rule are named in Redis. One key for each, with one hash tag, so that a script has all it needs on one
// node. Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
import { createHash } from "node:crypto";
import type { LimitRule } from "./limit-store.ts";

/** Longer keys are hashed: what clients write into headers should not fill Redis. In bytes of UTF-8. */
const maxKeyBytes = 200;
const hashMark = "sha256:";

/** `protogate:t10/1000/20:{key}`; a rule that has changed begins with new counts. */
export function formatStoreKey(prefix: string, key: string, rule: LimitRule): string {
  const kind = rule.algorithm === "sliding_window" ? "w" : "t";
  return `${prefix}:${kind}${rule.requests}/${rule.perMs}/${rule.burst}:{${shortenKey(key)}}`;
}

/** What is beside a key on its node: the same hash tag. */
export function formatSiblingKey(prefix: string, storeKey: string): string {
  return `${prefix}:probe:${storeKey.slice(storeKey.indexOf("{"))}`;
}

function shortenKey(key: string): string {
  // A UTF-16 unit is at most three bytes.
  const short = 3 * key.length <= maxKeyBytes || Buffer.byteLength(key) <= maxKeyBytes;
  // A key that looks like a hash is hashed too, or it could be written to be somebody else's; and one that is no hash tag.
  if (short && !key.startsWith(hashMark) && key !== "" && !/[{}]/.test(key)) return key;
  return hashMark + createHash("sha256").update(key, "utf16le").digest("base64url");
}
