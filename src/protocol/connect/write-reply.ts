// Writes replies as Connect responses: one bare message with the trailer among the headers, or envelopes.
// Source: Connect protocol, "Unary-Response" and "Streaming-Response".
import type { Reply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ServedMethod } from "../../rpc/served-method.ts";
import type { Compression } from "../../wire/compression.ts";
import { encodeReplyEnvelope } from "../../wire/envelope.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata } from "../../wire/metadata.ts";
import { ReplyEnvelopes } from "../../wire/reply-envelopes.ts";
import { negotiateCompression } from "./accept-encoding.ts";
import type { ContentType } from "./content-type.ts";
import { encodeEndStream } from "./end-stream.ts";
import type { DetailFormat } from "./error-json.ts";

export interface ReplyContext {
  readonly request: HttpRequest;
  readonly method: ServedMethod;
  readonly type: ContentType;
  /** What the request's messages may be compressed with. */
  readonly requestCompression: Compression | undefined;
  readonly minCompressedBytes: number;
}

/** Trailer metadata of a unary reply stands among its headers under this prefix. */
export const trailerPrefix = "trailer-";

/** @throws RpcError INTERNAL when the backend's bytes are not the message that the schema says */
export async function writeUnaryReply(reply: Reply, context: ReplyContext): Promise<HttpResponse> {
  const { request, type, minCompressedBytes, requestCompression } = context;
  if (reply.kind === "stream") {
    await reply.messages[Symbol.asyncIterator]().return?.();
    throw new RpcError(Code.INTERNAL, "a unary method was answered with a stream");
  }
  const message = encodeMessage(reply.message, context);
  const header = new Header(["content-type", type.text]);
  let body = message;
  if (message.length >= minCompressedBytes) {
    const compression = negotiateCompression(request.header, "accept-encoding", requestCompression);
    if (compression !== undefined) {
      body = await compression.compress(message);
      header.append("content-encoding", compression.name);
    }
  }
  appendVary(header, request);
  appendMetadata(header, reply.header, "");
  appendMetadata(header, reply.trailer, trailerPrefix);
  return { httpStatus: 200, header, body };
}

/** What a cache keeps of a GET depends on how it was asked for. */
export function appendVary(header: Header, { httpMethod }: HttpRequest): void {
  if (httpMethod !== "POST") header.append("vary", "accept-encoding");
}

export interface StreamContext extends ReplyContext {
  readonly formatDetail: DetailFormat;
  /** Told of an error that ended a stream after its header. */
  readonly onStreamError: (error: RpcError) => void;
}

/** @throws RpcError INTERNAL when the one message of a client stream's reply is not what the schema says */
export async function writeStreamReply(reply: Reply, context: StreamContext): Promise<HttpResponse> {
  const { request, type, minCompressedBytes, requestCompression, formatDetail, onStreamError } = context;
  const header = new Header(["content-type", type.text]);
  const compression =
    minCompressedBytes === Number.POSITIVE_INFINITY
      ? undefined
      : negotiateCompression(request.header, "connect-accept-encoding", requestCompression);
  if (compression !== undefined) header.append("connect-content-encoding", compression.name);
  appendMetadata(header, reply.header, "");
  const head = { httpStatus: 200, header };
  if (reply.kind === "stream") {
    const body = new ReplyEnvelopes(reply.messages, {
      encode: (message) => encodeMessage(message, context),
      compression,
      minCompressedBytes,
      async end(error) {
        if (error !== undefined) onStreamError(error);
        return encodeEndStream(error?.trailer ?? (await reply.trailer), error, formatDetail);
      },
    });
    return { ...head, body };
  }
  const message = encodeMessage(reply.message, context);
  const envelope = await encodeReplyEnvelope(message, compression, minCompressedBytes);
  const end = encodeEndStream(reply.trailer, undefined, formatDetail);
  return { ...head, body: Buffer.concat([envelope, end]) };
}

function encodeMessage(message: Uint8Array, { type, method }: ReplyContext): Uint8Array {
  return type.codec === "json" ? method.json.encodeReply(message) : message;
}
