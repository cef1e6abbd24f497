// Carries a stream of request messages to a backend call: the next one is pulled when the last one was taken, and the
// stream is told when nobody wants more. Source: design.md §4 "Streams".
import { RpcError } from "../rpc/rpc-error.ts";
import { returnQuietly } from "../rpc/stream.ts";

/** Where requests go. */
export interface RequestSink {
  /** Sends a message; `taken` is called when there is room for another, or never where the call has ended. */
  send(message: Uint8Array, taken: () => void): void;
  /** No more messages. */
  halfClose(): void;
  /** The stream of requests has failed, and so must the call. */
  fail(reason: RpcError): void;
}

/** Starts pumping. The returned function stops it, which `return`s the stream where it has not ended; idempotent. */
export function pumpRequests(messages: AsyncIterable<Uint8Array>, sink: RequestSink): () => void {
  const iterator = messages[Symbol.asyncIterator]();
  let stopped = false;
  let exhausted = false;
  let wake: (() => void) | undefined;

  const pump = async (): Promise<void> => {
    try {
      while (!stopped) {
        const step = await iterator.next();
        if (step.done) exhausted = true;
        if (stopped) return;
        if (step.done) {
          sink.halfClose();
          return;
        }
        const { promise: taken, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        sink.send(step.value, resolve);
        await taken;
      }
    } catch (reason) {
      exhausted = true;
      if (!stopped) sink.fail(RpcError.from(reason));
    }
  };
  void pump();

  return () => {
    if (stopped) return;
    stopped = true;
    wake?.();
    if (!exhausted) returnQuietly(iterator);
  };
}
