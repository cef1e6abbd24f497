// Which bodies a REST route reads. What names no readable type is answered with 415 before the body is looked at.
// Source: semantics "Body"; RFC 9110 §15.5.16.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { mediaTypeOf } from "../../wire/accept.ts";

const binaryTypes = new Set(["application/protobuf", "application/x-protobuf"]);
const formTypes = new Set(["application/x-www-form-urlencoded", "multipart/form-data"]);
const lineTypes = new Set(["application/x-ndjson", "application/jsonl"]);

/** `undefined` = readable, else the error to answer 415 with. */
export function refuseContentType(contentType: string, streamed: boolean): RpcError | undefined {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === "" || mediaType === "application/json" || mediaType.endsWith("+json")) return undefined;
  if (streamed ? lineTypes.has(mediaType) : binaryTypes.has(mediaType) || formTypes.has(mediaType)) {
    return undefined;
  }
  const expected = streamed ? "application/json or application/x-ndjson" : "application/json";
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `Content-Type ${JSON.stringify(mediaType.slice(0, 80))} is not read here, expected ${expected}${hint(mediaType)}`,
  );
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
  if (mediaType !== "application/x-www-form-urlencoded" || !looksLikeJson(body)) return undefined;
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
  return mediaType === "application/x-www-form-urlencoded"
    ? "; with curl add -H 'Content-Type: application/json'"
    : "";
}
