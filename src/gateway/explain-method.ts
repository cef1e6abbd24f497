// Explains a request at the path of a method: which protocol of RPCs takes it, and what a JSON message becomes.
import { type Codec, defaultJsonOptions } from "../codec/codec.ts";
import { allowedHttpMethods } from "../protocol/connect/connect-protocol.ts";
import { parseGetRequest } from "../protocol/connect/get-request.ts";
import { Code, codeName } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { streamsRequests } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { streamOf } from "../rpc/stream.ts";
import { methodInfo } from "../transcode/method-info.ts";
import { mediaTypeOf } from "../wire/accept.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { httpStatusOf } from "../wire/http-status.ts";
import type { Protocol } from "../wire/protocol.ts";
import { clientMetadata } from "../wire/request-metadata.ts";
import type { Explanation } from "./explanation.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MethodRequest {
  readonly httpMethod: string;
  readonly path: string;
  readonly query: string;
  readonly header: Header;
  readonly body: Uint8Array;
}

type MethodExplanation = Pick<Explanation, "summary" | "allow" | "success" | "backend" | "error">;

/** @returns undefined where the request is REST's, or at no method's path */
export function explainMethod(snapshot: Snapshot, request: MethodRequest): MethodExplanation | undefined {
  const protocol = protocolOf(snapshot, request);
  const served = snapshot.services
    .flatMap(({ desc, upstreams }) => desc.methods.map((method) => ({ method, upstreams })))
    .find(({ method }) => methodInfo(method).path === request.path);
  if (protocol === undefined || served === undefined) return undefined;
  const { method, upstreams } = served;
  const info = methodInfo(method);
  const { path } = info;
  const allow = protocol.name === "connect" ? allowedHttpMethods(info) : ["POST"];
  const summary = `${request.httpMethod} ${path} → ${path.slice(1)}, by ${protocol.name}`;
  if (!allow.includes(request.httpMethod)) {
    const message = `${request.httpMethod} is not allowed on this path, only ${allow.join(", ")}`;
    const error = { httpStatus: 405, code: codeName(Code.UNIMPLEMENTED), message };
    return { summary: message, allow, success: null, backend: null, error };
  }
  try {
    const { type, json } = sentMessage(protocol, streamsRequests(info.kind), request);
    const header = [...clientMetadata(request.header)].map(([name, value]) => `${name}: ${value}`);
    const codec = snapshot.codecOf({ ...defaultJsonOptions, unknownFields: "ignore" });
    const message = json && codec.message(method.input).decodeJson(json);
    return {
      summary,
      allow: [],
      success: { httpStatus: 200, contentType: type, location: "" },
      backend: {
        upstreams,
        path,
        messageType: method.input.typeName,
        json: message === undefined ? "" : pretty(codec, method.input, message),
        messageBytes: message?.length ?? 0,
        header,
      },
      error: null,
    };
  } catch (reason) {
    const { code, rawMessage } = RpcError.from(reason);
    const error = { httpStatus: httpStatusOf(code), code: codeName(code), message: rawMessage };
    return { summary, allow: [], success: null, backend: null, error };
  }
}

/** The first that accepts, as the gateway asks them; they look at method, path and header only. */
function protocolOf(snapshot: Snapshot, request: MethodRequest): Protocol | undefined {
  const { httpMethod, path, query, header } = request;
  const asked: HttpRequest = {
    httpMethod,
    path,
    query,
    header,
    httpVersion: "2",
    scheme: "http",
    remoteAddress: "",
    body: streamOf(),
    bodyless: true,
    signal: new AbortController().signal,
  };
  const protocol = snapshot.protocols.find(({ accepts }) => accepts(asked));
  return protocol?.name === "rest" ? undefined : protocol;
}

const emptyObject = Buffer.from("{}");

interface SentMessage {
  /** The content type of the reply. */
  readonly type: string;
  /** Only of a unary call of Connect, which has its message bare, where people can write it down. */
  readonly json?: Uint8Array;
}

/** @throws RpcError INVALID_ARGUMENT for the query of a GET that is none of Connect's */
function sentMessage(protocol: Protocol, streamed: boolean, request: MethodRequest): SentMessage {
  if (protocol.name === "connect" && request.httpMethod !== "POST") {
    const { encoding, compression, message } = parseGetRequest(request.query);
    const type = `application/${encoding}`;
    return encoding === "json" && compression === undefined ? { type, json: message } : { type };
  }
  const type = mediaTypeOf(request.header.get("content-type") ?? "application/json");
  if (protocol.name !== "connect" || type !== "application/json" || streamed) return { type };
  // Who asks without a body wants to know of the method.
  return { type, json: request.body.length === 0 ? emptyObject : request.body };
}

function pretty(codec: Codec, desc: Parameters<Codec["message"]>[0], message: Uint8Array): string {
  return JSON.stringify(JSON.parse(codec.message(desc).encodeJson(message)), undefined, 2);
}
