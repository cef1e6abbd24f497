// Reads the header and the envelopes of a request of the gRPC family into a call: what gRPC and gRPC-Web share.
// Sources: gRPC over HTTP/2, "Requests", "Timeout" and "Message-Encoding"; semantics.md "RPC protocols".
import type { Call } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ServedMethod } from "../rpc/served-method.ts";
import { isBase64, stripPadding } from "./binary-header.ts";
import { createCallHead } from "./call-head.ts";
import { acceptsCompression, type Compression, resolveCompression } from "./compression.ts";
import { EnvelopeReader } from "./envelope.ts";
import { type MessageCodec, readEnvelopedCall } from "./enveloped-call.ts";
import type { HttpRequest } from "./http-message.ts";
import { readDeadline } from "./read-deadline.ts";
import { requestMetadata } from "./request-metadata.ts";

const timeoutNames = ["grpc-timeout"] as const;

export interface GrpcCallInput {
  readonly request: HttpRequest;
  readonly method: ServedMethod;
  readonly codec: MessageCodec;
  /** The envelopes: the body of the request, or what its text stands for. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Limit of one message, decompressed. */
  readonly maxRequestBytes: number;
}

export interface GrpcCall {
  readonly call: Call;
  /** What the reply's messages are compressed with: what the client's are, where it takes that too. */
  readonly compression: Compression | undefined;
}

/**
 * Reads what `readEnvelopedCall` reads.
 * @throws RpcError UNIMPLEMENTED for a compression that there is none of and for no or several messages where one is
 *   due; INVALID_ARGUMENT for a malformed timeout, metadata or body; RESOURCE_EXHAUSTED beyond the limit; CANCELLED when
 *   the client goes away
 */
export async function readGrpcCall(input: GrpcCallInput): Promise<GrpcCall> {
  const { request, method, codec, body, maxRequestBytes } = input;
  const { header } = request;
  const requestCompression = resolveCompression(header.get("grpc-encoding"));
  const deadline = readDeadline(header, timeoutNames);
  const metadata = appendReserved(requestMetadata(request), header);
  const head = createCallHead(method.info, request, metadata, deadline);
  const compression =
    requestCompression && acceptsCompression(header.get("grpc-accept-encoding"), requestCompression)
      ? requestCompression
      : undefined;
  const reader = new EnvelopeReader(body, { compression: requestCompression, maxBytes: maxRequestBytes });
  return { call: await readEnvelopedCall(head, method, codec, reader), compression };
}

/** The error of a path that no method has. */
export function unknownMethod(path: string): RpcError {
  return new RpcError(Code.UNIMPLEMENTED, `unknown method ${path.slice(0, 200)}`);
}

/** Of gRPC's own names those that are meant for the backend, from a client that is a gRPC library like ours. */
const reservedNames = new Set(["grpc-previous-rpc-attempts", "grpc-tags-bin", "grpc-trace-bin"]);

function appendReserved(metadata: Header, header: Header): Header {
  const { flat } = header;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (!name.startsWith("grpc-") || !reservedNames.has(name)) continue;
    const value = flat[i + 1] as string;
    if (!name.endsWith("-bin")) metadata.append(name, value);
    else if (isBase64(value)) metadata.append(name, stripPadding(value));
  }
  return metadata;
}
