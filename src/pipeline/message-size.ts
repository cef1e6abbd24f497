// How large a message of a method may be, each way; of a stream each one. Source: options.proto, max_request_bytes and
// max_reply_bytes. Both ways the code is gRPC's for a message beyond the receiver's limit: RESOURCE_EXHAUSTED. What REST
// has a status of its own for (413) is known again by identity.
import type { Call, Handler, Interceptor, Reply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { refuse } from "./refusal.ts";
import { invokeJudged, type StreamRules } from "./stream-limits/call.ts";
import type { Side } from "./stream-limits/flow-meter.ts";
import type { MessageJudge } from "./stream-limits/messages.ts";

export interface MessageSizeOptions {
  /** Of one request message, decompressed; exactly that size passes. Absent = any. */
  readonly maxRequestBytes?: number | undefined;
  /** Of one reply message, likewise. */
  readonly maxReplyBytes?: number | undefined;
}

/**
 * @returns undefined where there is no limit
 * @throws RpcError RESOURCE_EXHAUSTED naming limit and size; a unary request is refused before anything is called
 */
export function createMessageSizeLimit(options: MessageSizeOptions): Interceptor | undefined {
  const requests = judgeOf(options.maxRequestBytes, "request");
  const replies = judgeOf(options.maxReplyBytes, "reply");
  if (requests === undefined && replies === undefined) return undefined;
  // Judges of sizes remember nothing, so all calls share them, and ask for no time.
  const rules: StreamRules = {
    requests: requests && (() => requests),
    replies: replies && (() => replies),
    now: () => 0,
  };
  const judgesStreams = ({ method, kind }: Call): boolean =>
    (kind === "stream" && requests !== undefined) || (method.kind !== "unary" && replies !== undefined);

  return (next) => {
    const checked = replies === undefined ? next : checkReply(next, replies);
    return (call) => {
      if (call.kind === "unary" && requests !== undefined) {
        const verdict = requests.take(call.message.length, 0);
        if (typeof verdict !== "number") return Promise.reject(verdict);
      }
      return judgesStreams(call) ? invokeJudged(rules, checked, call) : checked(call);
    };
  };
}

const tooLarge = new WeakSet<RpcError>();

/** Whether it refuses a request message for its size. */
export function isRequestTooLarge(error: RpcError): boolean {
  return tooLarge.has(error);
}

/** Refuses unary replies; those that are streamed are not for it. */
function checkReply(next: Handler, replies: MessageJudge): Handler {
  const check = (reply: Reply): Reply => {
    if (reply.kind === "stream") return reply;
    const verdict = replies.take(reply.message.length, 0);
    if (typeof verdict !== "number") throw verdict;
    return reply;
  };
  return (call) => next(call).then(check);
}

function judgeOf(maxBytes: number | undefined, side: Side): MessageJudge | undefined {
  if (maxBytes === undefined) return undefined;
  return {
    take(bytes) {
      if (bytes <= maxBytes) return 0;
      const message = `${side} message of ${bytes} bytes is larger than the limit of ${maxBytes} bytes`;
      // The same message is refused whenever it comes.
      const refusal = refuse(Code.RESOURCE_EXHAUSTED, message, { retryAfterMs: Number.POSITIVE_INFINITY });
      if (side === "request") tooLarge.add(refusal);
      return refusal;
    },
  };
}
