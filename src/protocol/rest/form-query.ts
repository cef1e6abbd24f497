// A POSTed form that stands for a query which would be too long for a URL: the GET route answers, as in grpc-gateway.
// Source: grpc-gateway v2, runtime/mux.go ("path length fallback").
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { mediaTypeOf } from "../../wire/accept.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { readBody } from "../../wire/read-body.ts";
import { formType } from "./body-type.ts";
import type { HttpRefusal } from "./read-call.ts";

export interface FormQuery {
  /** The query of the request and its form, as one query. */
  readonly query: string;
}

export function isFormPost({ httpMethod, header }: HttpRequest): boolean {
  return httpMethod === "POST" && mediaTypeOf(header.get("content-type")) === formType;
}

/** @throws RpcError CANCELLED when the client goes away while the form is read */
export async function readFormQuery(
  request: HttpRequest,
  maxBytes: number,
): Promise<FormQuery | HttpRefusal> {
  const body = await readBody(request, maxBytes);
  if (body === undefined) {
    const message = `request body is larger than the limit of ${maxBytes} bytes`;
    return { httpStatus: 413, error: new RpcError(Code.RESOURCE_EXHAUSTED, message) };
  }
  // A form is ASCII; bytes beyond it are taken as UTF-8, as browsers send them.
  const form = new TextDecoder().decode(body);
  return { query: [request.query, form].filter((text) => text !== "").join("&") };
}
