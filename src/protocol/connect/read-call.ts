// Reads Connect requests into calls: one bare message in a body or a query, or messages in envelopes.
// Source: Connect protocol, "Unary-Request", "Unary-Get-Request", "Streaming-Request".
import type { Call, CallHead } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ServedMethod } from "../../rpc/served-method.ts";
import { quoteText } from "../../transcode/quote-text.ts";
import { createCallHead } from "../../wire/call-head.ts";
import { type Compression, maxCompressedBytes, resolveCompression } from "../../wire/compression.ts";
import { EnvelopeReader } from "../../wire/envelope.ts";
import { readEnvelopedCall } from "../../wire/enveloped-call.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { readBody } from "../../wire/read-body.ts";
import { readDeadline } from "../../wire/read-deadline.ts";
import { requestMetadata } from "../../wire/request-metadata.ts";
import type { ContentType } from "./content-type.ts";
import type { GetRequest } from "./get-request.ts";

const timeoutNames = ["connect-timeout-ms"] as const;

export interface CallInput {
  readonly request: HttpRequest;
  readonly method: ServedMethod;
  readonly type: ContentType;
  /** Limit of one message, decompressed, in bytes. */
  readonly maxRequestBytes: number;
}

export interface ReadCall {
  readonly call: Call;
  /** What the request's messages may be compressed with. */
  readonly compression: Compression | undefined;
}

/**
 * @throws RpcError INVALID_ARGUMENT naming header or field path, UNIMPLEMENTED for an unknown compression,
 *   RESOURCE_EXHAUSTED for a message beyond the limit, CANCELLED when the client goes away meanwhile
 */
export async function readUnaryCall(input: CallInput): Promise<ReadCall> {
  const { request, maxRequestBytes } = input;
  checkVersion(request);
  const compression = compressionNamed(request.header.get("content-encoding"));
  const head = readHead(input);
  const maxBytes = compression === undefined ? maxRequestBytes : maxCompressedBytes(maxRequestBytes);
  const body = await readBody(request, maxBytes);
  if (body === undefined) throw tooLarge(maxRequestBytes);
  return { call: await unaryCall(head, body, compression, input), compression };
}

/** @throws RpcError as `readUnaryCall` */
export async function readGetCall(get: GetRequest, input: CallInput): Promise<ReadCall> {
  const compression = compressionNamed(get.compression);
  const head = readHead(input);
  if (compression === undefined && get.message.length > input.maxRequestBytes) {
    throw tooLarge(input.maxRequestBytes);
  }
  return { call: await unaryCall(head, get.message, compression, input), compression };
}

/**
 * The call of a streaming method, which is unary in its request where the method takes one message.
 * @throws RpcError as `readUnaryCall`, and UNIMPLEMENTED for no or two messages where one is due
 */
export async function readStreamCall(input: CallInput): Promise<ReadCall> {
  const { request, method, type, maxRequestBytes } = input;
  checkVersion(request);
  const compression = compressionNamed(request.header.get("connect-content-encoding"));
  const head = readHead(input);
  const reader = new EnvelopeReader(request.body, { compression, maxBytes: maxRequestBytes });
  return { call: await readEnvelopedCall(head, method, type.codec, reader), compression };
}

function readHead({ request, method }: CallInput): CallHead {
  const deadline = readDeadline(request.header, timeoutNames);
  return createCallHead(method.info, request, requestMetadata(request), deadline);
}

async function unaryCall(
  head: CallHead,
  bytes: Uint8Array,
  compression: Compression | undefined,
  input: CallInput,
): Promise<Call> {
  // "Servers must not attempt to decompress zero-length HTTP request content."
  const plain =
    compression === undefined || bytes.length === 0
      ? bytes
      : await compression.decompress(bytes, input.maxRequestBytes);
  return { ...head, kind: "unary", message: decode(plain, input) };
}

function decode(bytes: Uint8Array, { type, method }: CallInput): Uint8Array {
  return type.codec === "json" ? method.json.decodeRequest(bytes) : bytes;
}

function checkVersion({ header }: HttpRequest): void {
  const version = header.get("connect-protocol-version");
  if (version === undefined || version === "1") return;
  const message = `connect-protocol-version must be "1", got ${quoteText(version)}`;
  throw new RpcError(Code.INVALID_ARGUMENT, message);
}

/** Content codings are case-insensitive, RFC 9110 §8.4.1. */
function compressionNamed(name: string | undefined): Compression | undefined {
  return name === undefined ? undefined : resolveCompression(name.trim().toLowerCase());
}

function tooLarge(maxBytes: number): RpcError {
  return new RpcError(
    Code.RESOURCE_EXHAUSTED,
    `request message is larger than the limit of ${maxBytes} bytes`,
  );
}
