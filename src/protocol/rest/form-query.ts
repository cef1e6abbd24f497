// A POSTed form that stands for a query which would be too long for a URL: the GET route answers, as in grpc-gateway.
// Source: grpc-gateway v2, runtime/mux.go ("path length fallback").
import type { Deadline } from "../../rpc/deadline.ts";
import { mediaTypeOf } from "../../wire/accept.ts";
import { compressionNames } from "../../wire/compression.ts";
import { contentEncodingOf } from "../../wire/content-encoding.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { readDeadline } from "../../wire/read-deadline.ts";
import { formType, refuseContentEncoding } from "./body-type.ts";
import { decodeRequest } from "./decode-request.ts";
import { type HttpRefusal, readWholeBody } from "./read-call.ts";

export interface FormQuery {
  /** The query of the request and its form, as one query. */
  readonly query: string;
  /** What the request's header asks for, from before the form was read. */
  readonly deadline: Deadline | undefined;
}

export function isFormPost({ httpMethod, header }: HttpRequest): boolean {
  return httpMethod === "POST" && mediaTypeOf(header.get("content-type")) === formType;
}

/** @throws RpcError INVALID_ARGUMENT for a malformed timeout; CANCELLED when the client goes away while the form is read */
export async function readFormQuery(
  request: HttpRequest,
  maxBytes: number,
): Promise<FormQuery | HttpRefusal> {
  const deadline = readDeadline(request.header);
  const error = refuseContentEncoding(contentEncodingOf(request.header));
  if (error !== undefined) return { httpStatus: 415, error, header: [["accept-encoding", compressionNames]] };
  const body = await readWholeBody(decodeRequest(request, maxBytes), maxBytes);
  if ("httpStatus" in body) return body;
  // A form is ASCII; bytes beyond it are taken as UTF-8, as browsers send them.
  const form = new TextDecoder().decode(body);
  return { query: [request.query, form].filter((text) => text !== "").join("&"), deadline };
}
