// How much of large request messages the gateway holds for calls in flight. A few kilobytes of gzip become megabytes of
// message, and a backend that does not answer keeps them: without a bound, some hundred requests are all memory there is.
import type { Interceptor } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";

/** Smaller messages are not counted: the number of calls that clients may have open bounds them well enough. */
const smallBytes = 64 * 1024;

/**
 * One budget for all methods that get this interceptor, over all snapshots. Streams are not counted: they hold one
 * message at a time.
 * @param maxBytes of unary request messages in flight
 * @throws RpcError RESOURCE_EXHAUSTED for a message that does not fit beside the others
 */
export function createRequestBudget(maxBytes: number): Interceptor {
  let heldBytes = 0;
  return (next) => (call) => {
    if (call.kind === "stream" || call.message.length < smallBytes) return next(call);
    const { length } = call.message;
    if (heldBytes + length > maxBytes) {
      const message = `too many large requests are in flight: ${heldBytes} of ${maxBytes} bytes are taken`;
      return Promise.reject(new RpcError(Code.RESOURCE_EXHAUSTED, message));
    }
    heldBytes += length;
    const release = (): void => {
      heldBytes -= length;
    };
    const reply = next(call);
    reply.then(release, release);
    return reply;
  };
}
