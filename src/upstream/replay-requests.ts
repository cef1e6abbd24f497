// Request messages that can be sent once more: what an attempt has pulled is kept until it is known that a backend has
// it, so that a call that found its connection gone can go to another endpoint.
// Sources: gRFC A6, "transparent retries"; design.md §4 "Streams".
type Step = IteratorResult<Uint8Array, unknown>;

export interface ReplayableRequests {
  /** The messages from the first on, for one attempt; those of the attempt before must not be used any more. */
  attempt(): AsyncIterable<Uint8Array>;
  /** Whether another attempt can be made. */
  readonly replayable: boolean;
  /** Nothing is sent again from here on. Returns the source where the attempt has been returned. */
  commit(): void;
  /** The call has failed: returns the source. */
  abandon(): void;
}

/** What is kept at most. grpc-js takes a message beyond its own buffer of this size only once it is being sent. */
const maxKeptBytes = 64 * 1024;
const maxKeptCount = 16;

export function createReplayableRequests(messages: AsyncIterable<Uint8Array>): ReplayableRequests {
  const source = messages[Symbol.asyncIterator]();
  let kept: Promise<Step>[] | undefined = [];
  let keptBytes = 0;
  let exhausted = false;
  let current = 0;
  let returned = false;

  const finish = async (): Promise<Step> => {
    if (!exhausted) {
      exhausted = true;
      await source.return?.();
    }
    return { done: true, value: undefined };
  };
  const keep = (step: Promise<Step>): Promise<Step> => {
    kept?.push(step);
    step.then(
      ({ done, value }) => {
        if (done) exhausted = true;
        else keptBytes += value.length;
      },
      () => {
        exhausted = true;
      },
    );
    return step;
  };
  const pull = (): Promise<Step> => {
    if (kept && (keptBytes > maxKeptBytes || kept.length >= maxKeptCount)) kept = undefined;
    return kept ? keep(source.next()) : source.next();
  };
  const end = (attempt: number): Promise<Step> => {
    if (attempt !== current) return Promise.resolve({ done: true, value: undefined });
    returned = true;
    // As long as there may be another attempt, the source is not ours to end.
    return kept ? Promise.resolve({ done: true, value: undefined }) : finish();
  };

  return {
    attempt() {
      const attempt = ++current;
      let position = 0;
      returned = false;
      const iterator: AsyncIterableIterator<Uint8Array> = {
        next: () => kept?.[position++] ?? pull(),
        return: () => end(attempt),
        throw: (reason: unknown) => end(attempt).then(() => Promise.reject(reason)),
        [Symbol.asyncIterator]: () => iterator,
      };
      return iterator;
    },
    get replayable() {
      return kept !== undefined;
    },
    commit() {
      kept = undefined;
      if (returned) finish().catch(() => {});
    },
    abandon() {
      kept = undefined;
      finish().catch(() => {});
    },
  };
}
