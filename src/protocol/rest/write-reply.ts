// Writes a reply as a REST response: one message in the form that was chosen, a stream in its layout, or an HttpBody's
// bytes, with the status and the Location that the method's policy says.
import type { Reply, StreamReply, UnaryReply } from "../../rpc/call.ts";
import { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import type { Route } from "../../transcode/route.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { appendMetadata, isLegalMetadata, trailerToHttp } from "../../wire/metadata.ts";
import type { MetadataRules } from "../../wire/metadata-rules.ts";
import { isBeating, withHeartbeat } from "./heartbeat.ts";
import type { ReplyChoice } from "./reply-choice.ts";
import { encodeFirst, jsonPieces, rawPieces } from "./reply-pieces.ts";
import type { StatusFormat } from "./status-format.ts";

export interface ReplyContext {
  readonly route: Route;
  readonly choice: ReplyChoice;
  readonly formatStatus: StatusFormat;
  readonly rules: MetadataRules;
  /** Milliseconds of silence after which a stream of events gets a comment. */
  readonly heartbeatMs: number;
  /** How many messages of a stream the client has from an earlier request. */
  readonly seenCount: number;
  /** Told of an error that ended a stream after its header. */
  readonly onStreamError: (error: RpcError) => void;
}

/** @throws RpcError INTERNAL when the backend's bytes are not the message that the schema says */
export async function writeReply(reply: Reply, context: ReplyContext): Promise<HttpResponse> {
  if (reply.kind === "unary") return writeUnary(reply, context);
  return context.route.rawReplyBody ? writeRawStream(reply, context) : writeJsonStream(reply, context);
}

function writeUnary(reply: UnaryReply, { route, choice, rules }: ReplyContext): HttpResponse {
  const { successStatus: httpStatus, location } = route.policy;
  const header = new Header();
  // RFC 9110 §15.3.5 and §15.3.6: these have no content, and so none that could be described.
  const bodyless = httpStatus === 204 || httpStatus === 205;
  const body = bodyless ? undefined : route.encodeReply(reply.message, choice.form);
  if (body !== undefined) header.append("content-type", choice.contentType ?? body.contentType);
  appendMetadata(header, reply.header, rules.metadataPrefix);
  if (location !== "") setLocation(header, route.locationOf(reply.message));
  const response = { httpStatus, header, ...(body && { body: body.content }) };
  if (reply.trailer.size === 0) return response;
  return { ...response, trailer: async () => trailerToHttp(reply.trailer, rules) };
}

function setLocation(header: Header, location: string | undefined): void {
  if (location !== undefined && isLegalMetadata("location", location)) header.set("location", location);
}

function writeJsonStream(reply: StreamReply, context: ReplyContext): HttpResponse {
  const { choice, rules, heartbeatMs, onStreamError } = context;
  const { streamFormat } = choice;
  const header = new Header(["content-type", streamFormat.contentType]);
  appendMetadata(header, reply.header, rules.metadataPrefix);
  const { heartbeat } = streamFormat;
  // An event that comes out of a cache is none.
  if (heartbeat !== undefined && !header.has("cache-control")) header.append("cache-control", "no-cache");
  let failure: RpcError | undefined;
  const pieces = jsonPieces(reply, context, (error) => {
    failure = error;
    onStreamError(error);
  });
  return {
    httpStatus: 200,
    header,
    body:
      heartbeat !== undefined && isBeating(heartbeatMs)
        ? withHeartbeat(pieces, heartbeat, heartbeatMs)
        : pieces,
    trailer: async () => {
      const trailer = trailerToHttp(await reply.trailer, rules);
      // The body can only say that something went wrong; the trailer says it where HTTP tooling looks for it.
      if (failure !== undefined) trailer.append("grpc-status", String(failure.code));
      return trailer;
    },
  };
}

/**
 * The first message of a stream of HttpBody decides the content type, so it is awaited before the header goes out. A
 * failure after it breaks the connection off: the bytes are the caller's file and leave no place for an error.
 */
async function writeRawStream(reply: StreamReply, context: ReplyContext): Promise<HttpResponse> {
  const messages = reply.messages[Symbol.asyncIterator]();
  const first = await messages.next();
  const head = first.done === true ? undefined : await encodeFirst(first.value, messages, context.route);
  const header = new Header(["content-type", head?.contentType ?? "application/octet-stream"]);
  appendMetadata(header, reply.header, context.rules.metadataPrefix);
  const trailer = async (): Promise<Header> => trailerToHttp(await reply.trailer, context.rules);
  if (head === undefined) return { httpStatus: 200, header, trailer };
  return { httpStatus: 200, header, body: rawPieces(head.content, messages, context), trailer };
}
