// Writes a reply as a gRPC response: header, one envelope per message, and the status in the trailer.
// Source: gRPC over HTTP/2, "Responses".
import type { Reply, StreamReply, UnaryReply } from "../../rpc/call.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { encodeReplyEnvelope } from "../../wire/envelope.ts";
import { type GrpcReplyContext, grpcReplyHeader } from "../../wire/grpc-answer.ts";
import { errorTrailer, okTrailer } from "../../wire/grpc-trailer.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import { ReplyEnvelopes } from "../../wire/reply-envelopes.ts";

/** @throws RpcError INTERNAL when a unary reply is not the message that the schema says */
export function writeReply(
  reply: Reply,
  contentType: string,
  context: GrpcReplyContext,
): HttpResponse | Promise<HttpResponse> {
  const header = appendMetadata(grpcReplyHeader(contentType, context.compression), reply.header, "");
  const head = { httpStatus: 200, header };
  return reply.kind === "unary" ? writeUnary(reply, head, context) : writeStream(reply, head, context);
}

type Head = Pick<HttpResponse, "httpStatus" | "header">;

async function writeUnary(reply: UnaryReply, head: Head, context: GrpcReplyContext): Promise<HttpResponse> {
  const { encode, compression, minCompressedBytes } = context;
  const body = await encodeReplyEnvelope(encode(reply.message), compression, minCompressedBytes);
  return { ...head, body, trailer: () => Promise.resolve(okTrailer(reply.trailer)) };
}

function writeStream(reply: StreamReply, head: Head, context: GrpcReplyContext): HttpResponse {
  let failure: RpcError | undefined;
  const body = new ReplyEnvelopes(reply.messages, {
    ...context,
    end: async (error) => {
      failure = error;
      if (error !== undefined) context.onStreamError(error);
      return undefined;
    },
  });
  const trailer = async () =>
    failure === undefined ? okTrailer(await reply.trailer) : errorTrailer(failure);
  return { ...head, body, trailer };
}
