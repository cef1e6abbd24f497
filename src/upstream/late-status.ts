// Keeps the messages that came before an error. grpc-js reports a status other than OK the moment it arrives and drops
// the messages that nobody has pulled yet, so that a stream "three books, then NOT_FOUND" may lose its books. Here the
// trailers are shown to grpc-js as OK, which it holds back until every message was taken, and the true status is kept.
// It reaches into one call of the pinned grpc-js; where the insides look different it does nothing.
// Source: grpc-js Http2SubchannelCall.handleTrailers, .maybeOutputStatus.
import { innermostCall } from "./innermost-call.ts";

/** What the trailers said, undecoded. */
export interface LateStatus {
  readonly grpcStatus: string;
  readonly grpcMessage: string;
}

/**
 * To be called when the header of a reply has arrived.
 * @param call what `Channel.createCall` returned
 * @returns gives the true status once the trailers have come; undefined until then
 */
export function holdStatus(call: unknown): () => LateStatus | undefined {
  const stream = innermostCall(call);
  if (stream === undefined) return () => undefined;
  let held: LateStatus | undefined;
  const handleTrailers = stream.handleTrailers;
  stream.handleTrailers = (trailers) => {
    const grpcStatus = trailers["grpc-status"];
    if (grpcStatus === undefined) {
      handleTrailers.call(stream, trailers);
      return;
    }
    held = { grpcStatus: String(grpcStatus), grpcMessage: String(trailers["grpc-message"] ?? "") };
    handleTrailers.call(stream, { ...trailers, "grpc-status": "0", "grpc-message": "" });
  };
  return () => held;
}
