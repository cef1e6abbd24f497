// The messages of a call that come in envelopes, in the codec of the client: what the gRPC family and the streams of
// Connect share.
// Sources: gRPC over HTTP/2, "Requests"; Connect protocol, "Streaming-Request".
import type { Call, CallHead } from "../rpc/call.ts";
import { streamsRequests } from "../rpc/method.ts";
import type { ServedMethod } from "../rpc/served-method.ts";
import { type EnvelopeReader, readSingleMessage } from "./envelope.ts";
import { mapStream } from "./map-stream.ts";

/** What the messages of a client are: protobuf binary, passed as it is, or ProtoJSON. */
export type MessageCodec = "proto" | "json";

/**
 * Reads the one message of a method that takes one; the messages of others are read when they are pulled, and fail
 * with what `EnvelopeReader` throws.
 * @throws RpcError UNIMPLEMENTED for no or several messages where one is due; INVALID_ARGUMENT for malformed JSON; and
 *   what `EnvelopeReader` throws
 */
export async function readEnvelopedCall(
  head: CallHead,
  { json }: ServedMethod,
  codec: MessageCodec,
  reader: EnvelopeReader,
): Promise<Call> {
  if (streamsRequests(head.method.kind)) {
    const messages = codec === "json" ? mapStream(reader, (message) => json.decodeRequest(message)) : reader;
    return { ...head, kind: "stream", messages };
  }
  const sent = await readSingleMessage(reader);
  return { ...head, kind: "unary", message: codec === "json" ? json.decodeRequest(sent) : sent };
}
