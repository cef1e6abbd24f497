// gRPC-Web: gRPC for clients that see neither HTTP/2 frames nor trailers, such as pages in browsers. Over any HTTP.
// Sources: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md; semantics.md "RPC protocols".
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { createGrpcAnswer, type GrpcForm } from "../../wire/grpc-answer.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import type { Protocol, RpcProtocolOptions } from "../../wire/protocol.ts";
import { Base64Body } from "./base64-body.ts";
import { type ContentType, chooseReplyType, parseContentType, servedTypes } from "./content-type.ts";
import { writeError, writeRefusal } from "./write-error.ts";
import { writeReply } from "./write-reply.ts";

export function createGrpcWebProtocol(options: RpcProtocolOptions): Protocol {
  const answer = createGrpcAnswer(options);
  return {
    name: "grpc-web",
    accepts: ({ header }) => parseContentType(header.get("content-type")) !== undefined,
    async handle(request) {
      const type = parseContentType(request.header.get("content-type"));
      if (type === undefined) return undefined;
      if (request.httpMethod !== "POST") {
        const text = `${request.httpMethod.slice(0, 20)} is not allowed for gRPC-Web, only POST`;
        return writeRefusal(405, new RpcError(Code.UNIMPLEMENTED, text), type, ["allow", "POST"]);
      }
      if (!servedTypes.includes(type)) {
        const served = servedTypes.map(({ name }) => name).join(", ");
        const text = `unknown codec in the content type, served are ${served}`;
        return writeRefusal(415, new RpcError(Code.UNIMPLEMENTED, text), type, ["accept-post", served]);
      }
      return answer(request, formOf(type, chooseReplyType(type, request.header.get("accept"))));
    },
  };
}

function formOf(type: ContentType, replyType: ContentType): GrpcForm {
  return {
    codec: type.codec,
    bodyOf: ({ body }: HttpRequest) => (type.text ? new Base64Body(body) : body),
    writeReply: (reply, context) => writeReply(reply, replyType, context),
    writeError: (error) => writeError(error, replyType),
  };
}
