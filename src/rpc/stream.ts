// Streams of messages that need no producer.

/** A stream of items that are already there. */
export async function* streamOf<T>(...items: readonly T[]): AsyncIterable<T> {
  yield* items;
}
