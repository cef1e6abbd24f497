// Connect: unary calls as plain POSTs and GETs, streams in envelopes. Which requests are Connect's, and how each is
// answered.
// Sources: https://connectrpc.com/docs/protocol/; semantics.md "RPC protocols"; connect-go's handler for what HTTP itself
// refuses.
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { logFailure } from "../../rpc/log-failure.ts";
import type { MethodInfo } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ServedMethod } from "../../rpc/served-method.ts";
import { quoteText } from "../../transcode/quote-text.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import type { Protocol, RpcProtocolOptions } from "../../wire/protocol.ts";
import { acceptPost, type ContentType, parseContentType, unaryTypes } from "./content-type.ts";
import type { DetailFormat } from "./error-json.ts";
import { type GetRequest, parseGetRequest } from "./get-request.ts";
import { readGetCall, readStreamCall, readUnaryCall } from "./read-call.ts";
import { writeRefusal, writeStreamError, writeUnaryError } from "./write-error.ts";
import { writeStreamReply, writeUnaryReply } from "./write-reply.ts";

export type ConnectOptions = RpcProtocolOptions & {
  /** JSON text for a detail's `debug` member, undefined where the type is unknown. Never throws. */
  readonly formatDetail: DetailFormat;
};

export function createConnectProtocol(options: ConnectOptions): Protocol {
  const { methodOf, maxRequestBytes, minCompressedBytes, logger, formatDetail } = options;

  /** @param get the query of a GET; undefined = the message is in the body */
  const answerUnary = async (
    request: HttpRequest,
    method: ServedMethod,
    type: ContentType,
    get?: GetRequest,
  ): Promise<HttpResponse> => {
    try {
      const input = { request, method, type, maxRequestBytes };
      const read = get === undefined ? await readUnaryCall(input) : await readGetCall(get, input);
      const reply = await method.handler(read.call);
      const requestCompression = read.compression;
      return await writeUnaryReply(reply, { request, method, type, requestCompression, minCompressedBytes });
    } catch (reason) {
      const error = RpcError.from(reason);
      logFailure(logger, method.info, error);
      return writeUnaryError(error, request, formatDetail);
    }
  };

  const answerGet = async (request: HttpRequest, method: ServedMethod): Promise<HttpResponse> => {
    let get: GetRequest;
    try {
      get = parseGetRequest(request.query);
    } catch (reason) {
      return writeUnaryError(RpcError.from(reason), request, formatDetail);
    }
    const type = unaryTypes.get(get.encoding);
    return type === undefined
      ? refuseType(method, `encoding ${quoteText(get.encoding)}`)
      : answerUnary(request, method, type, get);
  };

  const answerStream = async (
    request: HttpRequest,
    method: ServedMethod,
    type: ContentType,
  ): Promise<HttpResponse> => {
    const onStreamError = (error: RpcError): void => logFailure(logger, method.info, error);
    try {
      const read = await readStreamCall({ request, method, type, maxRequestBytes });
      const reply = await method.handler(read.call);
      const requestCompression = read.compression;
      const context = {
        request,
        method,
        type,
        requestCompression,
        minCompressedBytes,
        formatDetail,
        onStreamError,
      };
      return await writeStreamReply(reply, context);
    } catch (reason) {
      const error = RpcError.from(reason);
      logFailure(logger, method.info, error);
      return writeStreamError(error, type, formatDetail);
    }
  };

  return {
    name: "connect",
    accepts(request) {
      if (isConnectPost(request)) return true;
      try {
        return methodOf(request.path) !== undefined;
      } catch {
        // No schema yet: whoever is not plainly Connect is told so by REST.
        return isConnectGet(request);
      }
    },
    async handle(request) {
      const type = parseContentType(request.header.get("content-type"));
      let method: ServedMethod | undefined;
      try {
        method = methodOf(request.path);
      } catch (reason) {
        const error = RpcError.from(reason);
        if (type?.streaming) return writeStreamError(error, type, formatDetail);
        return writeUnaryError(error, request, formatDetail);
      }
      if (method === undefined) {
        if (!isConnectPost(request)) return undefined;
        const error = new RpcError(Code.UNIMPLEMENTED, `no method ${request.path.slice(0, 200)}`);
        return writeUnaryError(error, request, formatDetail, 404);
      }
      switch (request.httpMethod) {
        case "POST":
          if (type === undefined || type.streaming === isUnary(method)) {
            return refuseType(method, `content type ${quoteText(request.header.get("content-type") ?? "")}`);
          }
          return type.streaming ? answerStream(request, method, type) : answerUnary(request, method, type);
        case "OPTIONS":
          return { httpStatus: 204, header: new Header(["allow", allowOf(method)]) };
        case "GET":
        case "HEAD":
          if (allowsGet(method)) return answerGet(request, method);
      }
      return refuseHttpMethod(request, method);
    },
  };
}

function isUnary({ info }: ServedMethod): boolean {
  return info.kind === "unary";
}

/** The HTTP methods that a method's path takes, upper case; OPTIONS, which calls nothing, is not among them. */
export function allowedHttpMethods({ kind, idempotency }: MethodInfo): readonly string[] {
  return kind === "unary" && idempotency === "no_side_effects" ? ["GET", "HEAD", "POST"] : ["POST"];
}

function allowsGet({ info }: ServedMethod): boolean {
  return allowedHttpMethods(info).includes("GET");
}

function allowOf({ info }: ServedMethod): string {
  return allowedHttpMethods(info).join(", ");
}

/** Whether the request says itself that it is Connect, whatever its path. */
function isConnectPost({ httpMethod, header }: HttpRequest): boolean {
  if (httpMethod !== "POST") return false;
  const contentType = header.get("content-type");
  if (contentType !== undefined && /^application\/connect\+/i.test(contentType)) return true;
  return header.has("connect-protocol-version") && parseContentType(contentType) !== undefined;
}

function isConnectGet({ httpMethod, query }: HttpRequest): boolean {
  return httpMethod === "GET" && /(?:^|&)connect=v1(?:&|$)/.test(query);
}

function refuseType(method: ServedMethod, what: string): HttpResponse {
  const accepted = acceptPost(!isUnary(method));
  const message = `${method.info.path} does not take ${what}: a ${kindText(method)} method takes ${accepted}`;
  return writeRefusal(415, message, ["accept-post", accepted]);
}

function refuseHttpMethod({ httpMethod }: HttpRequest, method: ServedMethod): HttpResponse {
  const allowed = allowOf(method);
  const message = `${method.info.path} does not take ${quoteText(httpMethod)}, only ${allowed}`;
  return writeRefusal(405, message, ["allow", allowed]);
}

function kindText({ info }: ServedMethod): string {
  return info.kind.replace("_", " ");
}
