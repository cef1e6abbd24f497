// gRPC: requests by their content type, methods by their path. Messages in the proto codec are passed undecoded.
// Sources: gRPC over HTTP/2; semantics.md "RPC protocols". HTTP statuses with a gRPC status beside them as grpc-go has.
import { Code } from "../../rpc/code.ts";
import { logFailure } from "../../rpc/log-failure.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ServedMethod } from "../../rpc/served-method.ts";
import { type MessageCodec, readGrpcCall, unknownMethod } from "../../wire/grpc-call.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import type { Protocol, RpcProtocolOptions } from "../../wire/protocol.ts";
import { acceptsTrailers } from "../../wire/te.ts";
import { type ContentType, parseContentType, servedTypes } from "./content-type.ts";
import { writeError } from "./write-error.ts";
import { type ReplyContext, writeReply } from "./write-reply.ts";

/** What of writing a method's replies is the same for each call. */
type Plan = Pick<ReplyContext, "encode" | "onStreamError">;

export function createGrpcProtocol(options: RpcProtocolOptions): Protocol {
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

  const answer = async (
    request: HttpRequest,
    codec: MessageCodec,
    contentType: string,
  ): Promise<HttpResponse> => {
    let method: ServedMethod | undefined;
    try {
      method = methodOf(request.path);
      if (method === undefined) throw unknownMethod(request.path);
      const { body } = request;
      const { call, compression } = await readGrpcCall({ request, method, codec, body, maxRequestBytes });
      const reply = await method.handler(call);
      const plan = planOf(method, codec);
      return await writeReply(reply, { ...plan, contentType, compression, minCompressedBytes });
    } catch (reason) {
      const error = RpcError.from(reason);
      if (method !== undefined) logFailure(logger, method.info, error);
      return writeError(error, contentType);
    }
  };

  return {
    name: "grpc",
    accepts: ({ header }) => parseContentType(header.get("content-type")) !== undefined,
    async handle(request) {
      const type = parseContentType(request.header.get("content-type"));
      if (type === undefined) return undefined;
      return (
        refuse(request, type) ??
        (type.codec === undefined ? refuseCodec(type) : answer(request, type.codec, type.reply))
      );
    },
  };
}

/** What HTTP has a status of its own for. */
function refuse(request: HttpRequest, type: ContentType): HttpResponse | undefined {
  if (request.httpMethod !== "POST") {
    const text = `${request.httpMethod.slice(0, 20)} is not allowed for gRPC, only POST`;
    return writeError(new RpcError(Code.UNIMPLEMENTED, text), type.reply, 405, [["allow", "POST"]]);
  }
  if (request.httpVersion !== "2" && !acceptsTrailers(request.header)) {
    const text = "gRPC needs HTTP/2, or trailers on HTTP/1.1, which the client does not accept";
    return writeError(new RpcError(Code.INTERNAL, text), type.reply, 505);
  }
  return undefined;
}

function refuseCodec(type: ContentType): HttpResponse {
  const error = new RpcError(
    Code.UNIMPLEMENTED,
    `unknown codec in the content type, served are ${servedTypes}`,
  );
  return writeError(error, type.reply, 415, [["accept-post", servedTypes]]);
}
