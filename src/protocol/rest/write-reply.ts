// Writes a reply as a REST response: one JSON value, a stream in the format that `Accept` chose, or an HttpBody's bytes.
import type { Reply, StreamReply, UnaryReply } from "../../rpc/call.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Route } from "../../transcode/route.ts";
import type { BodyPiece, HttpResponse } from "../../wire/http-message.ts";
import { metadataToHttp } from "../../wire/metadata.ts";
import type { StatusFormat } from "./status-format.ts";
import type { StreamFormat } from "./stream-format.ts";

export interface ReplyContext {
  readonly route: Route;
  readonly streamFormat: StreamFormat;
  readonly formatStatus: StatusFormat;
  /** Told of an error that ended a stream after its header. */
  readonly onStreamError: (error: RpcError) => void;
}

/** @throws RpcError INTERNAL when the backend's bytes are not the message that the schema says */
export async function writeReply(reply: Reply, context: ReplyContext): Promise<HttpResponse> {
  if (reply.kind === "unary") return writeUnary(reply, context.route);
  return context.route.rawReplyBody ? writeRawStream(reply, context) : writeJsonStream(reply, context);
}

function writeUnary(reply: UnaryReply, route: Route): HttpResponse {
  const { contentType, content } = route.encodeReply(reply.message);
  const response = { httpStatus: 200, header: responseHeader(contentType, reply.header), body: content };
  if (reply.trailer.size === 0) return response;
  return { ...response, trailer: async () => metadataToHttp(reply.trailer) };
}

function writeJsonStream(reply: StreamReply, context: ReplyContext): HttpResponse {
  let failure: RpcError | undefined;
  return {
    httpStatus: 200,
    header: responseHeader(context.streamFormat.contentType, reply.header),
    body: jsonPieces(reply, context, (error) => {
      failure = error;
      context.onStreamError(error);
    }),
    trailer: async () => {
      const trailer = metadataToHttp(await reply.trailer);
      // The body can only say that something went wrong; the trailer says it where HTTP tooling looks for it.
      if (failure !== undefined) trailer.append("grpc-status", String(failure.code));
      return trailer;
    },
  };
}

async function* jsonPieces(
  reply: StreamReply,
  { route, streamFormat, formatStatus }: ReplyContext,
  onError: (error: RpcError) => void,
): AsyncIterable<BodyPiece> {
  if (streamFormat.open !== "") yield streamFormat.open;
  let count = 0;
  try {
    for await (const message of reply.messages) {
      const { content } = route.encodeReply(message);
      yield streamFormat.item(content.toString(), count);
      count++;
    }
  } catch (reason) {
    const error = RpcError.from(reason);
    onError(error);
    yield streamFormat.error(formatStatus(error), count);
    return;
  }
  if (streamFormat.close !== "") yield streamFormat.close;
}

/**
 * The first message of a stream of HttpBody decides the content type, so it is awaited before the header goes out. A
 * failure after it breaks the connection off: the bytes are the caller's file and leave no place for an error.
 */
async function writeRawStream(reply: StreamReply, context: ReplyContext): Promise<HttpResponse> {
  const messages = reply.messages[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done === true) {
    return { httpStatus: 200, header: responseHeader("application/octet-stream", reply.header) };
  }
  const head = context.route.encodeReply(first.value);
  return {
    httpStatus: 200,
    header: responseHeader(head.contentType, reply.header),
    body: rawPieces(head.content, messages, context),
    trailer: async () => metadataToHttp(await reply.trailer),
  };
}

async function* rawPieces(
  first: BodyPiece,
  messages: AsyncIterator<Uint8Array>,
  { route, onStreamError }: ReplyContext,
): AsyncIterable<BodyPiece> {
  try {
    yield first;
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
      yield route.encodeReply(next.value).content;
    }
  } catch (reason) {
    onStreamError(RpcError.from(reason));
    throw reason;
  } finally {
    await messages.return?.();
  }
}

function responseHeader(contentType: string, metadata: Header): Header {
  const header = new Header();
  header.append("content-type", contentType);
  for (const [name, value] of metadataToHttp(metadata)) header.append(name, value);
  return header;
}
