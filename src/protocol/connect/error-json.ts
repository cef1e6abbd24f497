// An error as Connect's JSON, the same in a unary response and at the end of a stream.
// Source: Connect protocol, "Error and EndStreamResponse" and "Error Codes".
import { Code, codeName } from "../../rpc/code.ts";
import type { ErrorDetail, RpcError } from "../../rpc/rpc-error.ts";
import { encodeBinaryHeader } from "../../wire/binary-header.ts";

/** JSON text of a detail for people to read, undefined where its type is unknown. Never throws. */
export type DetailFormat = (detail: ErrorDetail) => string | undefined;

/** One JSON object; `message` and `details` only where there is something to say. */
export function formatError(error: RpcError, formatDetail: DetailFormat): string {
  const members = [`"code":"${connectCode(error.code)}"`];
  if (error.rawMessage !== "") members.push(`"message":${JSON.stringify(error.rawMessage)}`);
  if (error.details.length > 0) {
    members.push(`"details":[${error.details.map((detail) => formatOne(detail, formatDetail)).join(",")}]`);
  }
  return `{${members.join(",")}}`;
}

/** `not_found`. There are no codes but the canonical ones: any other is `unknown`. */
export function connectCode(code: Code): string {
  if (code === Code.CANCELLED) return "canceled";
  return codeName(canonicalCode(code)).toLowerCase();
}

/** A backend may fail with a number that is no code, or even with OK. */
export function canonicalCode(code: Code): Code {
  return code > Code.OK && code <= Code.UNAUTHENTICATED ? code : Code.UNKNOWN;
}

function formatOne(detail: ErrorDetail, formatDetail: DetailFormat): string {
  const type = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
  const debug = formatDetail(detail);
  const value = encodeBinaryHeader(detail.value);
  return `{"type":${JSON.stringify(type)},"value":"${value}"${debug === undefined ? "" : `,"debug":${debug}`}}`;
}
