// In which form a route's reply is written: what its policy says, and what `Accept` and the query ask for. The usual
// request asks for nothing, and its choice is made once per route.
// Sources: semantics "Responses"; RFC 9110 §12.5.1. A client that accepts nothing on offer gets the default and no 406:
// so do grpc-gateway and Envoy, and RFC 9110 leaves it to the server. The one exception is a client that accepts a stream
// as protobuf and no layout of ours: what it would do with JSON is fail to decode it, so it gets 406 and is told where
// binary streams are. With `*/*` beside it, it gets JSON.

import { Code } from "../../rpc/code.ts";
import { streamsReplies, streamsRequests } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ReplyForm, Route } from "../../transcode/route.ts";
import { acceptsByName, acceptsParameter, negotiateMediaType } from "../../wire/accept.ts";
import { type StreamFormat, type StreamFormats, streamFormatsOf, streamTypeOf } from "./stream-format.ts";

export interface ReplyChoice {
  /** Absent = as the policy says. */
  readonly form?: ReplyForm;
  /** The content type of a protobuf reply by the name that the client used. */
  readonly contentType?: string;
  /** Layout of a reply stream. */
  readonly streamFormat: StreamFormat;
}

/** What is known of a route before its first request. */
export interface RoutePlan {
  readonly route: Route;
  readonly streamsRequests: boolean;
  readonly streamsReplies: boolean;
  readonly streamFormats: StreamFormats;
  readonly streamTypes: readonly string[];
  /** For clients that ask for nothing. */
  readonly plain: ReplyChoice;
}

export function planRoute(route: Route): RoutePlan {
  const streamFormats = streamFormatsOf(route.policy);
  const [streamFormat] = streamFormats.values();
  if (streamFormat === undefined) throw new Error("no stream format");
  return {
    route,
    streamsRequests: streamsRequests(route.info.kind),
    streamsReplies: streamsReplies(route.info.kind),
    streamFormats,
    streamTypes: [...streamFormats.keys()],
    plain: { streamFormat },
  };
}

const binaryTypes = ["application/protobuf", "application/x-protobuf"] as const;
const unaryTypes = ["application/json", ...binaryTypes] as const;

/** @param asked what the query says of the reply, which beats `Accept`; absent where it says nothing */
export function chooseReply(plan: RoutePlan, accept: string | undefined, asked?: ReplyForm): ReplyChoice {
  // The bytes of an HttpBody have a type of their own, whatever anyone accepts.
  if (plan.route.rawReplyBody) return plan.plain;
  if (asked === undefined && (accept === undefined || accept === "*/*")) return plan.plain;
  return plan.streamsReplies ? chooseStream(plan, accept, asked) : chooseUnary(plan, accept, asked);
}

/**
 * Why a stream of replies cannot be what the client accepts, to be answered with 406 before the backend is asked;
 * undefined where it can, or where the client gets the default.
 */
export function refuseAccept(
  { route, streamsReplies, streamTypes }: RoutePlan,
  accept: string | undefined,
  asked?: ReplyForm,
): RpcError | undefined {
  if (!streamsReplies || route.rawReplyBody || accept === undefined || asked?.streamFormat !== undefined)
    return undefined;
  const binaryType = binaryTypes.find((type) => acceptsByName(accept, type));
  if (binaryType === undefined || negotiateMediaType(accept, streamTypes) !== undefined) return undefined;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `a stream of replies is not written as ${binaryType} here: accept one of ${streamTypes.join(", ")}; binary streams go over gRPC, gRPC-Web, Connect or WebSocket`,
  );
}

function chooseUnary(plan: RoutePlan, accept: string | undefined, asked: ReplyForm | undefined): ReplyChoice {
  if (asked === undefined && accept === "application/json") return plan.plain;
  const type =
    asked?.format === undefined
      ? (negotiateMediaType(accept, unaryTypes) ?? "application/json")
      : asked.format === "json"
        ? "application/json"
        : "application/protobuf";
  if (type !== "application/json") {
    return { ...plan.plain, form: { ...asked, format: "protobuf" }, contentType: type };
  }
  return withForm(plan.plain, accept, asked);
}

function chooseStream(
  plan: RoutePlan,
  accept: string | undefined,
  asked: ReplyForm | undefined,
): ReplyChoice {
  const { streamFormats, streamTypes, plain } = plan;
  const type =
    asked?.streamFormat === undefined
      ? negotiateMediaType(accept, streamTypes)
      : streamTypeOf(asked.streamFormat);
  const streamFormat = streamFormats.get(type ?? "") ?? plain.streamFormat;
  // Nothing says where one binary message of a stream ends and the next begins, so streams are JSON.
  const { format: _, ...form } = asked ?? {};
  return withForm({ streamFormat }, accept, asked && form, streamFormat.indents);
}

function withForm(
  choice: ReplyChoice,
  accept: string | undefined,
  asked: ReplyForm | undefined,
  indents = true,
): ReplyChoice {
  const pretty = indents && (asked?.pretty ?? acceptsParameter(accept, "application/json", "pretty=true"));
  if (pretty) return { ...choice, form: { ...asked, pretty } };
  if (asked === undefined) return choice;
  const { pretty: _, ...form } = asked;
  return { ...choice, form };
}
