// gRPC: requests by their content type, methods by their path. Messages in the proto codec are passed undecoded.
// Sources: gRPC over HTTP/2; semantics.md "RPC protocols". HTTP statuses with a gRPC status beside them as grpc-go has.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { createGrpcAnswer, type GrpcForm } from "../../wire/grpc-answer.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import type { Protocol, RpcProtocolOptions } from "../../wire/protocol.ts";
import { acceptsTrailers } from "../../wire/te.ts";
import { type ContentType, parseContentType, servedTypes } from "./content-type.ts";
import { writeError } from "./write-error.ts";
import { writeReply } from "./write-reply.ts";

export function createGrpcProtocol(options: RpcProtocolOptions): Protocol {
  const answer = createGrpcAnswer(options);
  return {
    name: "grpc",
    accepts: ({ header }) => parseContentType(header.get("content-type")) !== undefined,
    async handle(request) {
      const type = parseContentType(request.header.get("content-type"));
      if (type === undefined) return undefined;
      const refusal = refuse(request, type);
      if (refusal !== undefined) return refusal;
      const form = forms.get(type);
      return form === undefined ? refuseCodec(type) : answer(request, form);
    },
  };
}

const forms: ReadonlyMap<ContentType, GrpcForm> = new Map(
  servedTypes.map((type) => [
    type,
    {
      codec: type.codec,
      bodyOf: (request) => request.body,
      writeReply: (reply, context) => writeReply(reply, type.reply, context),
      writeError: (error) => writeError(error, type.reply),
    },
  ]),
);

/** What HTTP has a status of its own for. */
function refuse(
  { httpMethod, httpVersion, header }: HttpRequest,
  type: ContentType,
): HttpResponse | undefined {
  if (httpMethod !== "POST") {
    const text = `${httpMethod.slice(0, 20)} is not allowed for gRPC, only POST`;
    return writeError(new RpcError(Code.UNIMPLEMENTED, text), type.reply, 405, [["allow", "POST"]]);
  }
  if (httpVersion !== "2" && !acceptsTrailers(header)) {
    const text = "gRPC needs HTTP/2, or trailers on HTTP/1.1, which the client does not accept";
    return writeError(new RpcError(Code.INTERNAL, text), type.reply, 505);
  }
  return undefined;
}

function refuseCodec(type: ContentType): HttpResponse {
  const served = servedTypes.map(({ reply }) => reply).join(", ");
  const error = new RpcError(Code.UNIMPLEMENTED, `unknown codec in the content type, served are ${served}`);
  return writeError(error, type.reply, 415, [["accept-post", served]]);
}
