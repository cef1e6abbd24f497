// Reads a REST request, already matched to a route, into a call. What HTTP itself refuses (415, 413) is a value.
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import type { Deadline } from "../../rpc/deadline.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { FormPart } from "../../transcode/route.ts";
import { createCallHead } from "../../wire/call-head.ts";
import { compressionNames } from "../../wire/compression.ts";
import { contentEncodingOf } from "../../wire/content-encoding.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import type { MetadataRules } from "../../wire/metadata-rules.ts";
import { readBody } from "../../wire/read-body.ts";
import { readDeadline } from "../../wire/read-deadline.ts";
import { requestMetadata } from "../../wire/request-metadata.ts";
import { isMultipart, refuseContentEncoding, refuseContentType, resolveBodyType } from "./body-type.ts";
import { decodeRequest } from "./decode-request.ts";
import { readForm } from "./read-form.ts";
import { type BodyFailure, readMessages } from "./read-messages.ts";
import type { RoutePlan } from "./reply-choice.ts";

/** A refusal that HTTP has a status of its own for. */
export interface HttpRefusal {
  readonly httpStatus: 413 | 415;
  readonly error: RpcError;
  /** Entries of the answer's header that say what would have been read. */
  readonly header?: readonly (readonly [string, string])[];
}

export interface CallInput {
  readonly request: HttpRequest;
  readonly plan: RoutePlan;
  readonly captures: readonly string[];
  /** Raw query, without what is not to be bound. */
  readonly query: string;
  /** Where the body was a form that stood for the query: it has been read already, and is none of the call's. */
  readonly form?: { readonly deadline: Deadline | undefined } | undefined;
  /** Largest unary body, and largest message of a stream, in bytes. */
  readonly maxRequestBytes: number;
  readonly rules: MetadataRules;
  readonly bodyTypes: Dialect["bodyTypes"];
  /** Where to leave what the messages of a stream fail with. */
  readonly bodyFailure?: BodyFailure | undefined;
}

const empty = new Uint8Array(0);

/**
 * @returns the call, or the refusal of its body
 * @throws RpcError INVALID_ARGUMENT naming the variable, parameter, field path or header; CANCELLED when the client
 *   goes away while the body is read
 */
export async function readCall(input: CallInput): Promise<Call | HttpRefusal> {
  const { request, plan, captures, query, form, maxRequestBytes, bodyTypes } = input;
  const { route } = plan;
  const { header } = request;
  const deadline = form === undefined ? readDeadline(header) : form.deadline;
  const contentType = header.get("content-type") ?? "";
  const bodyless = request.bodyless || form !== undefined;
  const asIs = route.rawRequestBody || route.body === "";
  // What nearly every client says of its body needs no closer look.
  const json = contentType === "application/json";
  if (!bodyless && !asIs && !json) {
    const error = refuseContentType(contentType, plan.streamsRequests, bodyTypes);
    if (error !== undefined) return { httpStatus: 415, error };
  }
  let readable = request;
  if (!bodyless && route.body !== "" && header.has("content-encoding")) {
    const error = refuseContentEncoding(contentEncodingOf(header));
    if (error !== undefined)
      return { httpStatus: 415, error, header: [["accept-encoding", compressionNames]] };
    readable = decodeRequest(request, plan.streamsRequests ? Number.POSITIVE_INFINITY : maxRequestBytes);
  }
  const head = createCallHead(route.info, request, requestMetadata(request, input.rules), deadline);
  if (plan.streamsRequests) {
    const messageType = json || asIs ? contentType : resolveBodyType(contentType, bodyTypes, undefined);
    if (typeof messageType !== "string") return { httpStatus: 415, error: messageType };
    const parts = { captures, query, header, contentType: messageType };
    const messages = readMessages(readable, route, parts, maxRequestBytes, input.bodyFailure);
    return { ...head, kind: "stream", messages };
  }
  if (!json && !bodyless && !asIs && isMultipart(contentType)) {
    const parts = await readWholeForm(readable, contentType, maxRequestBytes);
    if ("httpStatus" in parts) return parts;
    return {
      ...head,
      kind: "unary",
      message: route.bindForm(parts, { captures, query, header, contentType }),
    };
  }
  const body = bodyless ? empty : await readWholeBody(readable, maxRequestBytes);
  if ("httpStatus" in body) return body;
  const bodyType = json || asIs ? contentType : resolveBodyType(contentType, bodyTypes, body);
  if (typeof bodyType !== "string") return { httpStatus: 415, error: bodyType };
  const message = route.bind({ captures, query, header, contentType: bodyType, body });
  return { ...head, kind: "unary", message };
}

function readWholeForm(
  request: HttpRequest,
  contentType: string,
  maxBytes: number,
): Promise<readonly FormPart[] | HttpRefusal> {
  return orTooLarge(readForm(request, contentType, maxBytes));
}

/** The body, or the 413 that is due. @throws RpcError CANCELLED when the client goes away meanwhile */
export async function readWholeBody(
  request: HttpRequest,
  maxBytes: number,
): Promise<Uint8Array | HttpRefusal> {
  const body = await orTooLarge(readBody(request, maxBytes));
  if (body !== undefined) return body;
  const message = `request body is larger than the limit of ${maxBytes} bytes`;
  return { httpStatus: 413, error: new RpcError(Code.RESOURCE_EXHAUSTED, message) };
}

async function orTooLarge<T>(read: Promise<T>): Promise<T | HttpRefusal> {
  try {
    return await read;
  } catch (reason) {
    if (!(reason instanceof RpcError) || reason.code !== Code.RESOURCE_EXHAUSTED) throw reason;
    return { httpStatus: 413, error: reason };
  }
}
