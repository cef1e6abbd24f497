// Writes a reply as a gRPC response: header, one envelope per message, and the status in the trailer.
// Source: gRPC over HTTP/2, "Responses".
import type { Reply, StreamReply, UnaryReply } from "../../rpc/call.ts";
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { type Compression, compressionNames } from "../../wire/compression.ts";
import { encodeReplyEnvelope } from "../../wire/envelope.ts";
import { errorTrailer, okTrailer } from "../../wire/grpc-trailer.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import { ReplyEnvelopes } from "../../wire/reply-envelopes.ts";

export interface ReplyContext {
  readonly contentType: string;
  /** A message in the codec of the client. */
  readonly encode: (message: Uint8Array) => Uint8Array;
  readonly compression: Compression | undefined;
  readonly minCompressedBytes: number;
  /** Told of an error that ended a stream after its header. */
  readonly onStreamError: (error: RpcError) => void;
}

/** @throws RpcError INTERNAL when a unary reply is not the message that the schema says */
export function writeReply(reply: Reply, context: ReplyContext): HttpResponse | Promise<HttpResponse> {
  return reply.kind === "unary" ? writeUnary(reply, context) : writeStream(reply, context);
}

/** What every reply says before its metadata. */
export function replyHeader(contentType: string, compression: Compression | undefined): Header {
  const header = new Header(["content-type", contentType, "grpc-accept-encoding", compressionNames]);
  if (compression !== undefined) header.append("grpc-encoding", compression.name);
  return header;
}

async function writeUnary(reply: UnaryReply, context: ReplyContext): Promise<HttpResponse> {
  const { contentType, encode, compression, minCompressedBytes } = context;
  const body = await encodeReplyEnvelope(encode(reply.message), compression, minCompressedBytes);
  return {
    httpStatus: 200,
    header: appendMetadata(replyHeader(contentType, compression), reply.header, ""),
    body,
    trailer: () => Promise.resolve(okTrailer(reply.trailer)),
  };
}

function writeStream(reply: StreamReply, context: ReplyContext): HttpResponse {
  const { contentType, compression, onStreamError } = context;
  let failure: RpcError | undefined;
  const body = new ReplyEnvelopes(reply.messages, {
    ...context,
    end: async (error) => {
      failure = error;
      if (error !== undefined) onStreamError(error);
      return undefined;
    },
  });
  return {
    httpStatus: 200,
    header: appendMetadata(replyHeader(contentType, compression), reply.header, ""),
    body,
    trailer: async () => (failure === undefined ? okTrailer(await reply.trailer) : errorTrailer(failure)),
  };
}
