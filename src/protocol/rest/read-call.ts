// Reads a REST request, already matched to a route, into a call. What HTTP itself refuses (415, 413) is a value.
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { FormPart } from "../../transcode/route.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import type { MetadataRules } from "../../wire/metadata-rules.ts";
import { readBody } from "../../wire/read-body.ts";
import { requestMetadata } from "../../wire/request-metadata.ts";
import { isMultipart, refuseContentEncoding, refuseContentType, resolveBodyType } from "./body-type.ts";
import { readDeadline } from "./read-deadline.ts";
import { readForm } from "./read-form.ts";
import { type BodyFailure, readMessages } from "./read-messages.ts";
import type { RoutePlan } from "./reply-choice.ts";

/** A refusal that HTTP has a status of its own for. */
export interface HttpRefusal {
  readonly httpStatus: 413 | 415;
  readonly error: RpcError;
}

export interface CallInput {
  readonly request: HttpRequest;
  readonly plan: RoutePlan;
  readonly captures: readonly string[];
  /** Raw query, without what is not to be bound. */
  readonly query: string;
  /** Where the body has been read already, and is none of the call's. */
  readonly bodyless?: boolean;
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
  const { request, plan, captures, query, maxRequestBytes, bodyTypes } = input;
  const { route } = plan;
  const { header } = request;
  const deadline = readDeadline(header);
  const contentType = header.get("content-type") ?? "";
  const bodyless = request.bodyless || input.bodyless === true;
  const asIs = route.rawRequestBody || route.body === "";
  // What nearly every client says of its body needs no closer look.
  const json = contentType === "application/json";
  if (!bodyless && !asIs) {
    const error =
      (json ? undefined : refuseContentType(contentType, plan.streamsRequests, bodyTypes)) ??
      refuseContentEncoding(header.get("content-encoding"));
    if (error !== undefined) return { httpStatus: 415, error };
  }
  const head = {
    method: route.info,
    header: requestMetadata(request, input.rules),
    signal: request.signal,
    ...(request.principal && { principal: request.principal }),
    ...(deadline && { deadline }),
  };
  if (plan.streamsRequests) {
    const messageType = json || asIs ? contentType : resolveBodyType(contentType, bodyTypes, undefined);
    if (typeof messageType !== "string") return { httpStatus: 415, error: messageType };
    const parts = { captures, query, header, contentType: messageType };
    const messages = readMessages(request, route, parts, maxRequestBytes, input.bodyFailure);
    return { ...head, kind: "stream", messages };
  }
  if (!json && !bodyless && !asIs && isMultipart(contentType)) {
    const form = await readWholeForm(request, contentType, maxRequestBytes);
    if ("httpStatus" in form) return form;
    return {
      ...head,
      kind: "unary",
      message: route.bindForm(form, { captures, query, header, contentType }),
    };
  }
  const body = bodyless ? empty : await readBody(request, maxRequestBytes);
  if (body === undefined) {
    const message = `request body is larger than the limit of ${maxRequestBytes} bytes`;
    return { httpStatus: 413, error: new RpcError(Code.RESOURCE_EXHAUSTED, message) };
  }
  const bodyType = json || asIs ? contentType : resolveBodyType(contentType, bodyTypes, body);
  if (typeof bodyType !== "string") return { httpStatus: 415, error: bodyType };
  const message = route.bind({ captures, query, header, contentType: bodyType, body });
  return { ...head, kind: "unary", message };
}

async function readWholeForm(
  request: HttpRequest,
  contentType: string,
  maxBytes: number,
): Promise<readonly FormPart[] | HttpRefusal> {
  try {
    return await readForm(request, contentType, maxBytes);
  } catch (reason) {
    if (!(reason instanceof RpcError) || reason.code !== Code.RESOURCE_EXHAUSTED) throw reason;
    return { httpStatus: 413, error: reason };
  }
}
