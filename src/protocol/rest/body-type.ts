// Which bodies a REST route reads. What names no readable type is answered with 415 before the body is looked at.
// Source: semantics "Body"; RFC 9110 §15.5.16, §8.4 (Content-Encoding).
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { mediaTypeOf } from "../../wire/accept.ts";

export const formType = "application/x-www-form-urlencoded";
const unaryTypes = new Set([
  "application/protobuf",
  "application/x-protobuf",
  formType,
  "multipart/form-data",
]);
const lineTypes = new Set(["application/x-ndjson", "application/jsonl"]);

/** `undefined` = readable, else the error to answer 415 with. */
export function refuseContentType(contentType: string, streamed: boolean): RpcError | undefined {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === "" || mediaType === "application/json" || mediaType.endsWith("+json")) return undefined;
  if (streamed ? lineTypes.has(mediaType) || isMultipart(mediaType) : unaryTypes.has(mediaType)) {
    return undefined;
  }
  const expected = streamed ? "application/json or application/x-ndjson" : "application/json";
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `Content-Type ${JSON.stringify(mediaType.slice(0, 80))} is not read here, expected ${expected}${hint(mediaType)}`,
  );
}

/** Compressed bodies would be unpacked to who knows what size: no route reads them. */
export function refuseContentEncoding(contentEncoding: string | undefined): RpcError | undefined {
  if (contentEncoding === undefined) return undefined;
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return undefined;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `Content-Encoding ${JSON.stringify(encoding.slice(0, 80))} is not read here, expected identity`,
  );
}

export function isMultipart(contentType: string): boolean {
  return mediaTypeOf(contentType) === "multipart/form-data";
}

/** Whether each line is a message whatever it begins with, an array too. */
export function isLines(contentType: string): boolean {
  return lineTypes.has(mediaTypeOf(contentType));
}

/**
 * curl's `-d` without `-H` says that JSON is a form. Read as one it would fail with a puzzle about an unknown key, so
 * this says what happened instead.
 */
export function refuseMislabelledJson(contentType: string, body: Uint8Array): RpcError | undefined {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType !== formType || !looksLikeJson(body)) return undefined;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `the body looks like JSON but is labelled a form${hint(mediaType)}`,
  );
}

/** Whether the first byte that is no white space opens an object or an array. */
function looksLikeJson(body: Uint8Array): boolean {
  const first = body.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return first === 0x7b || first === 0x5b;
}

function hint(mediaType: string): string {
  return mediaType === formType ? "; with curl add -H 'Content-Type: application/json'" : "";
}
