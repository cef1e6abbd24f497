// Sends a call to the endpoint that is picked for it; waits where none is connected yet; and sends it on to another one
// where it found its connection gone, which is no retry: no backend has seen it.
// Source: gRPC, "Wait for Ready" and gRFC A6 "transparent retries".
import type { Call, Handler, Reply } from "../rpc/call.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { isUnsent } from "./connect-failure.ts";
import type { Pick } from "./endpoint-picker.ts";
import { createReplayableRequests, type ReplayableRequests } from "./replay-requests.ts";
import type { WaitingCalls } from "./waiting-calls.ts";

export interface Destinations {
  /** `none`: there is no endpoint, and why. */
  pick(): Pick<{ readonly invoke: Handler }> | { readonly kind: "none"; readonly error: RpcError };
  /** Called when a call begins to wait. */
  onWait(): void;
  readonly waiting: WaitingCalls;
}

/** A call that finds as many connections gone has met more than a restart. */
const maxAttempts = 10;

/** @throws RpcError what the last endpoint said; UNAVAILABLE where there is none */
export function createSender(destinations: Destinations): Handler {
  const { waiting } = destinations;

  const attempt = (call: Call, requests: ReplayableRequests | undefined, left: number): Promise<Reply> => {
    const picked = destinations.pick();
    if (picked.kind === "none") return Promise.reject(picked.error);
    if (picked.kind === "wait") {
      destinations.onWait();
      return waiting.wait(call, () => attempt(call, requests, left));
    }
    const sent = requests && call.kind === "stream" ? { ...call, messages: requests.attempt() } : call;
    const reply = picked.endpoint.invoke(sent);
    if (picked.kind === "fail" || left === 0) return reply;
    return reply.catch((error: unknown) => {
      if (!isUnsent(error) || call.signal.aborted || requests?.replayable === false) throw error;
      return attempt(call, requests, left - 1);
    });
  };

  const sendStream = async (call: Call & { readonly kind: "stream" }): Promise<Reply> => {
    const requests = createReplayableRequests(call.messages);
    try {
      const reply = await attempt(call, requests, maxAttempts);
      requests.commit();
      return reply;
    } catch (error) {
      requests.abandon();
      throw error;
    }
  };

  return (call) => (call.kind === "stream" ? sendStream(call) : attempt(call, undefined, maxAttempts));
}
