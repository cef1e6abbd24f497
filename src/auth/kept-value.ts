// Something that is read from elsewhere and changes now and then, kept while it is fresh: read when it is needed, by one
// reader at a time, with a pause between attempts. What is known goes on where it cannot be read anew, and nobody waits
// for a place that has just failed. It has no timers while nobody asks.
import type { Logger } from "../rpc/logger.ts";

export interface KeptValueOptions<T> {
  /** What it is, in messages and the log: `key file keys.txt`. */
  readonly subject: string;
  /** Its text; `signal` is aborted when the time is up. */
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** @throws Error which says what is wrong with the text, without quoting it */
  readonly parse: (text: string) => T;
  /** Age from which it is read again, while callers go on with what is known. */
  readonly refreshMs: number;
  /** Age from which callers wait for that, unless the last attempt has failed; `refreshMs` or more. */
  readonly expireMs: number;
  /** Pause after a success, for those who miss something in it. */
  readonly cooldownMs: number;
  /** Pause after a failure. */
  readonly retryMs: number;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface KeptValue<T> {
  /** What is known, at once where it is fresh enough; undefined where nothing is and nothing can be read. */
  get(): T | undefined | Promise<T | undefined>;
  /** For who misses something in what `get` gave: reads it anew, unless that has been done a moment ago. */
  renew(): Promise<Renewal<T>>;
  /** @throws Error when it cannot be read; what is known goes on */
  refresh(): Promise<void>;
}

export interface Renewal<T> {
  readonly value: T | undefined;
  /** Whether the last attempt went well, so that what is missing is missing. */
  readonly certain: boolean;
}

export function createKeptValue<T>(options: KeptValueOptions<T>): KeptValue<T> {
  const { subject, read, parse, refreshMs, expireMs, cooldownMs, retryMs, timeoutMs, logger, now } = options;
  let known: { readonly text: string; readonly value: T } | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let attemptEndMs = Number.NEGATIVE_INFINITY;
  let failure: { readonly reason: Error } | undefined;
  let pending: Promise<void> | undefined;

  const succeed = (text: string): void => {
    // The same text keeps the same value: who has derived something from it need not do so again.
    if (known?.text !== text) known = { text, value: parse(text) };
    readAtMs = now();
    if (failure !== undefined) logger.info("keys can be read again", { subject });
    failure = undefined;
  };

  const fail = (cause: unknown): void => {
    const text = cause instanceof Error ? cause.message : "it cannot be read";
    const reason = new Error(`${subject}: ${text}`, { cause });
    // Once at the change, however long it lasts.
    if (failure === undefined)
      logger.warn("keys cannot be read", { subject, goesOn: known !== undefined, cause });
    failure = { reason };
  };

  let reading: Promise<unknown> | undefined;
  const attempt = async (): Promise<void> => {
    try {
      // A read that has outlived its time holds a thread of the system's; another one would hold one more.
      if (reading !== undefined) throw new Error("the last attempt still waits for an answer");
      succeed(
        await within(timeoutMs, (signal) => {
          const text = read(signal);
          const settle = (): void => {
            reading = undefined;
          };
          reading = text.then(settle, settle);
          return text;
        }),
      );
    } catch (cause) {
      fail(cause);
    }
    attemptEndMs = now();
  };

  /** Never rejects. */
  const load = (): Promise<void> => {
    // Not by the attempt itself: one that fails before it waits for anything would clear what is not set yet.
    pending ??= attempt().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const mayAttempt = (): boolean =>
    pending !== undefined || now() - attemptEndMs >= (failure === undefined ? cooldownMs : retryMs);

  return {
    get() {
      const ageMs = now() - readAtMs;
      if (known !== undefined && ageMs < refreshMs) return known.value;
      const waits = known === undefined || (ageMs >= expireMs && failure === undefined);
      if (!mayAttempt()) return known?.value;
      const loaded = load();
      return waits ? loaded.then(() => known?.value) : known?.value;
    },
    async renew() {
      if (mayAttempt()) await load();
      return { value: known?.value, certain: failure === undefined };
    },
    async refresh() {
      // An attempt that is under way may have read what has been replaced since.
      await pending;
      await load();
      if (failure !== undefined) throw failure.reason;
    },
  };
}

/** Ends in time even where the work does not hear of it, as reading a file on a dead network drive. */
async function within<R>(timeoutMs: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const reason = new Error(`no answer within ${timeoutMs} ms`);
    late.reject(reason);
    controller.abort(reason);
  }, timeoutMs);
  timer.unref();
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
