// Answers one request of the gRPC family: finds the method, reads the call, runs its handler and has the protocol write
// what came of it. What gRPC and gRPC-Web differ in is a `GrpcForm`.
// Source: semantics.md "RPC protocols".
import type { Reply } from "../rpc/call.ts";
import { Header } from "../rpc/header.ts";
import { logFailure } from "../rpc/log-failure.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ServedMethod } from "../rpc/served-method.ts";
import { type Compression, compressionNames } from "./compression.ts";
import type { MessageCodec } from "./enveloped-call.ts";
import { readGrpcCall, unknownMethod } from "./grpc-call.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import type { RpcProtocolOptions } from "./protocol.ts";

/** How the requests of one content type are read and answered. */
export interface GrpcForm {
  readonly codec: MessageCodec;
  /** The envelopes of a request. */
  bodyOf(request: HttpRequest): AsyncIterable<Uint8Array>;
  /** @throws RpcError INTERNAL when a unary reply is not the message that the schema says */
  writeReply(reply: Reply, context: GrpcReplyContext): HttpResponse | Promise<HttpResponse>;
  writeError(error: RpcError): HttpResponse;
}

export interface GrpcReplyContext {
  /** A message in the codec of the client. */
  readonly encode: (message: Uint8Array) => Uint8Array;
  /** What messages are compressed with; undefined = identity. */
  readonly compression: Compression | undefined;
  readonly minCompressedBytes: number;
  /** Told of an error that ended a stream after its header. */
  readonly onStreamError: (error: RpcError) => void;
}

/** What of writing a method's replies is the same for each call. */
type Plan = Pick<GrpcReplyContext, "encode" | "onStreamError">;

/** The returned function never rejects. */
export function createGrpcAnswer(
  options: RpcProtocolOptions,
): (request: HttpRequest, form: GrpcForm) => Promise<HttpResponse> {
  const { methodOf, maxRequestBytes, minCompressedBytes, logger } = options;
  const plans = { proto: new WeakMap<ServedMethod, Plan>(), json: new WeakMap<ServedMethod, Plan>() };

  const planOf = (method: ServedMethod, codec: MessageCodec): Plan => {
    let plan = plans[codec].get(method);
    if (plan === undefined) {
      plan = {
        encode: codec === "json" ? (message) => method.json.encodeReply(message) : (message) => message,
        onStreamError: (error) => logFailure(logger, method.info, error),
      };
      plans[codec].set(method, plan);
    }
    return plan;
  };

  return async (request, form) => {
    let method: ServedMethod | undefined;
    try {
      method = methodOf(request.path);
      if (method === undefined) throw unknownMethod(request.path);
      const { codec } = form;
      const body = form.bodyOf(request);
      const { call, compression } = await readGrpcCall({ request, method, codec, body, maxRequestBytes });
      const reply = await method.handler(call);
      const { encode, onStreamError } = planOf(method, codec);
      return await form.writeReply(reply, { encode, compression, minCompressedBytes, onStreamError });
    } catch (reason) {
      const error = RpcError.from(reason);
      if (method !== undefined) logFailure(logger, method.info, error);
      return form.writeError(error);
    }
  };
}

/** What every reply of the family says before its metadata. */
export function grpcReplyHeader(contentType: string, compression: Compression | undefined): Header {
  const header = new Header(["content-type", contentType, "grpc-accept-encoding", compressionNames]);
  if (compression !== undefined) header.append("grpc-encoding", compression.name);
  return header;
}
