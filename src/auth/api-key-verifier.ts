// Verifies API keys by a file of their hashes. The key is hashed and the hash looked up: how long that takes says
// nothing about how much of a key was right.
import { hash } from "node:crypto";
import type { Logger } from "../rpc/logger.ts";
import { type ApiKeys, parseApiKeys } from "./api-key-file.ts";
import { createKeptValue } from "./kept-value.ts";
import { fileAges } from "./key-source.ts";
import { readFileText } from "./read-text.ts";
import { invalid, type Verdict, type Verifier } from "./verifier.ts";

export interface ApiKeyVerifierOptions {
  /** Path of the file, see `parseApiKeys`. It is read again when it is a second old; a wrong one leaves the old keys. */
  readonly file: string;
  /** Told when the file can no longer be read, and when it can again; never of keys. */
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly monotonicNow?: () => number;
}

const maxKeyLength = 1024;

export function createApiKeyVerifier(options: ApiKeyVerifierOptions): Verifier {
  const { file, logger, monotonicNow = () => performance.now() } = options;
  const kept = createKeptValue({
    subject: `API keys ${file}`,
    read: () => readFileText(file),
    parse: parseApiKeys,
    ...fileAges,
    timeoutMs: 3000,
    logger,
    now: monotonicNow,
  });
  return {
    scheme: "apikey",
    verify(key) {
      if (key.length > maxKeyLength) return unknown;
      const keys = kept.get();
      return keys instanceof Promise ? keys.then((loaded) => lookUp(key, loaded)) : lookUp(key, keys);
    },
    refresh: () => kept.refresh(),
  };
}

const unknown = invalid("the API key is not known");

function lookUp(key: string, keys: ApiKeys | undefined): Verdict {
  if (keys === undefined) return { kind: "unavailable", reason: "the API keys cannot be read at the moment" };
  const identity = keys.get(hash("sha256", key, "hex"));
  return identity === undefined ? unknown : { kind: "verified", identity };
}
