// Which bodies a REST route reads, and as what. What names no readable type is answered with 415 before the body is
// looked at; where the dialect says that any body is JSON, only what nobody could read as JSON is.
// The messages of a client stream are JSON, or a form with files: nothing says where one of several binary messages ends,
// and an urlencoded form is one message. Both are 415, with the word that binary streams go over gRPC, Connect or WebSocket.
// Sources: semantics "Body"; RFC 9110 §15.5.16, §8.4 (Content-Encoding); grpc-gateway v2, runtime/marshaler_registry.go.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import { mediaTypeOf } from "../../wire/accept.ts";
import { compressionNames } from "../../wire/compression.ts";
import { parseContentEncoding } from "../../wire/content-encoding.ts";

export const formType = "application/x-www-form-urlencoded";
const jsonType = "application/json";
const binaryTypes = new Set(["application/protobuf", "application/x-protobuf"]);
const unaryTypes = new Set([...binaryTypes, formType, "multipart/form-data"]);
const lineTypes = new Set(["application/x-ndjson", "application/jsonl"]);

/** `undefined` = readable, else the error to answer 415 with. */
export function refuseContentType(
  contentType: string,
  streamed: boolean,
  bodyTypes: Dialect["bodyTypes"],
): RpcError | undefined {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === "" || mediaType === jsonType || mediaType.endsWith("+json")) return undefined;
  if (streamed ? lineTypes.has(mediaType) || isMultipart(mediaType) : unaryTypes.has(mediaType)) {
    return undefined;
  }
  if (bodyTypes === "any-is-json" && !binaryTypes.has(mediaType)) return undefined;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `Content-Type ${JSON.stringify(mediaType.slice(0, 80))} is not read here, ${expected(mediaType, streamed)}${hint(mediaType)}`,
  );
}

function expected(mediaType: string, streamed: boolean): string {
  if (!streamed) return `expected ${jsonType}`;
  const types = `expected ${jsonType}, application/x-ndjson or multipart/form-data`;
  if (!binaryTypes.has(mediaType)) return types;
  return `${types} for a stream of messages; binary ones go over gRPC, Connect or WebSocket`;
}

/** Codings that nobody here inflates, and chains of codings, are 415; see `decodeRequest` for the others. */
export function refuseContentEncoding(contentEncoding: string | undefined): RpcError | undefined {
  const encoding = parseContentEncoding(contentEncoding);
  if (typeof encoding !== "string") return undefined;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `Content-Encoding ${JSON.stringify(encoding.slice(0, 80))} is not read here, expected one of ${compressionNames},identity`,
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
 * The content type that a body is read by, of those that `refuseContentType` lets pass; or the error to answer 415 with.
 * curl's `-d` without `-H` says that JSON is a form: where any body is JSON it is read as what it is, else it would fail
 * with a puzzle about an unknown key, so the error says what happened instead.
 * @param body the whole body; absent for a client stream, whose messages are no urlencoded forms
 */
export function resolveBodyType(
  contentType: string,
  bodyTypes: Dialect["bodyTypes"],
  body: Uint8Array | undefined,
): string | RpcError {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType !== formType) return contentType;
  if (bodyTypes === "any-is-json") return body === undefined || isJsonText(body) ? jsonType : contentType;
  if (body === undefined || !opensJson(body)) return contentType;
  return new RpcError(
    Code.INVALID_ARGUMENT,
    `the body looks like JSON but is labelled a form${hint(mediaType)}`,
  );
}

/** Whether the first byte that is no white space opens an object or an array. */
function opensJson(body: Uint8Array): boolean {
  const first = body[startOf(body)];
  return first === 0x7b || first === 0x5b;
}

/** A JSON number, text, or word can be a route's whole body too; as a form it would be a key without a value. */
function isJsonText(body: Uint8Array): boolean {
  const start = startOf(body);
  if (opensJson(body) || body[start] === 0x22) return true;
  if (start === -1 || body.length - start > longestToken) return false;
  return jsonToken.test(new TextDecoder().decode(body.subarray(start)));
}

/** With white space behind. Longer numbers are nobody's: a double in full has 25 characters. */
const longestToken = 64;
const jsonToken = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*$/;

function startOf(body: Uint8Array): number {
  return body.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
}

function hint(mediaType: string): string {
  return mediaType === formType ? "; with curl add -H 'Content-Type: application/json'" : "";
}
