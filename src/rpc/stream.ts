// Streams of messages that need no producer, and those that have lost their reader.
// Source: design.md §4 "Streams": `return()` tells the producer that nobody wants more.
import type { Call, Reply } from "./call.ts";

/** A stream of items that are already there. */
export async function* streamOf<T>(...items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

/** Tells the producer of a call's or a reply's messages, where it has a stream of them, that nobody is going to read them. */
export function discardMessages(carrier: Call | Reply): void {
  if (carrier.kind === "stream") returnQuietly(carrier.messages[Symbol.asyncIterator]());
}

/** Ends a stream without waiting for it, and without hearing of what its producer throws, at once or later. */
export function returnQuietly(iterator: AsyncIterator<unknown>): void {
  try {
    iterator.return?.().then(undefined, () => {});
  } catch {
    // Whoever ended the call has its outcome; how its producer took the news concerns nobody.
  }
}
