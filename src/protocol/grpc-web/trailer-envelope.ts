// The end of a gRPC-Web reply: the trailer as the last envelope of the body, for clients that see no HTTP trailers.
// Source: gRPC-Web protocol, "Message framing" (flag 0x80, names in lower case, lines without an empty one at the end).
import type { Header } from "../../rpc/header.ts";
import { encodeEnvelope, envelopeFlag } from "../../wire/envelope.ts";
import { formatTrailer } from "../../wire/grpc-trailer.ts";

export function encodeTrailer(trailer: Header): Uint8Array {
  return encodeEnvelope(envelopeFlag.trailer, Buffer.from(formatTrailer(trailer), "latin1"));
}
