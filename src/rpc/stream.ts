// Stages on streams of messages. Every stage forwards next, return and throw, so that a consumer that stops early is
// felt by the producer, and none of them queues.

/** Applies `change` to each item; what it throws ends the stream. */
export async function* mapStream<T, U>(items: AsyncIterable<T>, change: (item: T) => U): AsyncIterable<U> {
  for await (const item of items) yield change(item);
}

/** A stream of items that are already there. */
export async function* streamOf<T>(...items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

/** Runs `finish` once when the stream ends: by its end, by an error, or because the consumer has had enough. */
export async function* finallyStream<T>(items: AsyncIterable<T>, finish: () => void): AsyncIterable<T> {
  try {
    yield* items;
  } finally {
    finish();
  }
}
