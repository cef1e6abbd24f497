// Writes a reply as a gRPC-Web response: one envelope per message, and the trailer in one more; as text, each piece of
// the body is base64 with a padding of its own.
// Source: gRPC-Web protocol, "Message framing" and "Text-encoded Streams".
import type { Reply, StreamReply, UnaryReply } from "../../rpc/call.ts";
import { encodeReplyEnvelope } from "../../wire/envelope.ts";
import { type GrpcReplyContext, grpcReplyHeader } from "../../wire/grpc-answer.ts";
import { errorTrailer, okTrailer } from "../../wire/grpc-trailer.ts";
import type { BodyPiece, HttpResponse } from "../../wire/http-message.ts";
import { mapStream } from "../../wire/map-stream.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import { ReplyEnvelopes } from "../../wire/reply-envelopes.ts";
import type { ContentType } from "./content-type.ts";
import { encodeTrailer } from "./trailer-envelope.ts";

/** @throws RpcError INTERNAL when a unary reply is not the message that the schema says */
export async function writeReply(
  reply: Reply,
  type: ContentType,
  context: GrpcReplyContext,
): Promise<HttpResponse> {
  const header = appendMetadata(grpcReplyHeader(type.name, context.compression), reply.header, "");
  const body =
    reply.kind === "unary" ? await unaryBody(reply, type, context) : streamBody(reply, type, context);
  return { httpStatus: 200, header, body };
}

/** Envelopes as a piece of the body. */
export function bodyPiece(envelopes: Uint8Array, type: ContentType): BodyPiece {
  return type.text ? toBase64(envelopes) : envelopes;
}

async function unaryBody(
  reply: UnaryReply,
  type: ContentType,
  context: GrpcReplyContext,
): Promise<BodyPiece> {
  const { encode, compression, minCompressedBytes } = context;
  const message = await encodeReplyEnvelope(encode(reply.message), compression, minCompressedBytes);
  return bodyPiece(Buffer.concat([message, encodeTrailer(okTrailer(reply.trailer))]), type);
}

function streamBody(
  reply: StreamReply,
  type: ContentType,
  context: GrpcReplyContext,
): AsyncIterable<BodyPiece> {
  const pieces = new ReplyEnvelopes(reply.messages, {
    ...context,
    end: async (error) => {
      if (error === undefined) return encodeTrailer(okTrailer(await reply.trailer));
      context.onStreamError(error);
      return encodeTrailer(errorTrailer(error));
    },
  });
  return type.text ? mapStream(pieces, toBase64) : pieces;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
