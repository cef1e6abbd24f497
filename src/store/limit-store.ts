// The contract of what counts: how much of a limit is left for a key. One in memory, one in Redis; both pass one suite.
// Source: protos/protogate/v1/options.proto (RateLimit).

/** A limit as a store sees it. Different limits never share a key. */
export interface LimitRule {
  /** `token_bucket` is GCRA. */
  readonly algorithm: "token_bucket" | "sliding_window";
  /** Units per `perMs`, more than 0. */
  readonly requests: number;
  readonly perMs: number;
  /** Units at once; of a sliding window it is `requests`. */
  readonly burst: number;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Units that would be admitted now. */
  readonly remaining: number;
  /** How long until the same cost would be admitted, if nobody else takes any; 0 where it was. Infinity where never. */
  readonly retryAfterMs: number;
  /** How long until the key is as if it had never been used. */
  readonly resetMs: number;
}

export interface LimitStore {
  /**
   * Takes `cost` units where they are there, all or none.
   * @param key at most 256 bytes
   * @param cost more than 0; more than `burst` is never admitted
   * @returns at once where nothing has to be waited for
   * @throws StoreUnavailable within the store's timeout, never later
   */
  take(key: string, rule: LimitRule, cost: number): Verdict | Promise<Verdict>;
  close(): Promise<void>;
}

/** The store could not be asked, or did not answer in time. What it decides then is the limit's policy. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
