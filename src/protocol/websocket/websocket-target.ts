// What a WebSocket was opened to: a method by its path, or a route of REST, whose path and query go into the first
// message and whose rule says what the body of a request and of a reply is.
import type { Header } from "../../rpc/header.ts";
import type { ServedMethod } from "../../rpc/served-method.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { Route } from "../../transcode/route.ts";
import { takeSystemParameters } from "../../transcode/system-parameters.ts";
import type { MessageForm } from "./client-frame.ts";

/**
 * The bytes of a frame to a binary request message.
 * @throws RpcError INVALID_ARGUMENT naming field path, expected type and position
 */
export type BindMessage = (bytes: Uint8Array, form: MessageForm, isFirst: boolean) => Uint8Array;

export interface WebSocketTarget {
  readonly method: ServedMethod;
  /** False where path and query are the whole of the only message, so that the call begins with the connection. */
  readonly takesMessages: boolean;
  /**
   * @param header of the handshake and of the header frame
   * @throws RpcError INVALID_ARGUMENT where path, query or header alone are wrong already
   */
  open(header: Header): OpenTarget;
}

export interface OpenTarget {
  readonly bind: BindMessage;
  /** A reply message as it stands in a frame. */
  encodeJson(message: Uint8Array): string;
  encodeProto(message: Uint8Array): Uint8Array;
}

export function createMethodTarget(method: ServedMethod): WebSocketTarget {
  const { json } = method;
  const open: OpenTarget = {
    bind: (bytes, form) => (form === "json" ? json.decodeRequest(bytes) : bytes),
    encodeJson: (message) => textOf(json.encodeReply(message)),
    encodeProto: (message) => message,
  };
  return { method, takesMessages: true, open: () => open };
}

const empty = new Uint8Array(0);
const contentTypes = { json: "application/json", proto: "application/protobuf" } as const;

export interface RouteTargetInput {
  readonly method: ServedMethod;
  readonly route: Route;
  readonly captures: readonly string[];
  /** Raw query, without `$timeout`. */
  readonly query: string;
  readonly dialect: Dialect;
}

export function createRouteTarget(input: RouteTargetInput): WebSocketTarget {
  const { method, route, captures, dialect } = input;
  return {
    method,
    takesMessages: route.body !== "",
    open(header) {
      const { query, form: asked } = takeSystemParameters(input.query, dialect, route);
      route.checkReplyForm(asked);
      const parts = { captures, query, header };
      route.bind({ ...parts, contentType: "", body: empty });
      return {
        bind(body, form, isFirst) {
          const contentType = contentTypes[form];
          return isFirst ? route.bind({ ...parts, contentType, body }) : route.bindBody(body, contentType);
        },
        encodeJson(message) {
          // A file has no JSON of its own: in a frame of JSON it is what ProtoJSON has for HttpBody.
          if (route.rawReplyBody) return textOf(method.json.encodeReply(message));
          return textOf(route.encodeReply(message, { ...asked, format: "json" }).content);
        },
        encodeProto(message) {
          if (route.rawReplyBody) return message;
          const { content } = route.encodeReply(message, { ...asked, format: "protobuf" });
          return typeof content === "string" ? Buffer.from(content) : content;
        },
      };
    },
  };
}

function textOf(content: string | Uint8Array): string {
  if (typeof content === "string") return content;
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString();
}
