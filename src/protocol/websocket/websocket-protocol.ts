// Calls over WebSocket, all four kinds: one WebSocket is one call, opened at `/pkg.Service/Method` or at a REST path.
//
//   client:  [{"header": {"name": "value" or [values]}}]   first or never: metadata, as browsers cannot set headers
//            {"message": …} as often as the method takes   text = ProtoJSON; a binary frame = one protobuf message
//            [{"halfClose": true}]                         no more messages; after one where the method takes one: optional
//   server:  {"header": {…}}   {"message": …} or binary …   {"end": {"code", "message", "details", "trailer"}}   close
//
// The subprotocol says how replies come: `protogate.json` (default) or `protogate.proto`. Close codes: 1000 for OK, 4000
// and the gRPC code for errors; from the listener 1001 when it shuts down, 1002, 1007 and 1009 for broken frames.
// Sources: semantics.md "RPC protocols"; RFC 6455. README of examples/websocket-chat tells the same to users.
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { httpStatusOf } from "../../wire/http-status.ts";
import type { RpcProtocolOptions } from "../../wire/protocol.ts";
import type { UpgradeAnswer, UpgradeHandler } from "../../wire/websocket-channel.ts";
import { takeTimeout } from "./call-deadline.ts";
import type { MessageForm } from "./client-frame.ts";
import type { RouteLookup } from "./route-lookup.ts";
import { serveCall } from "./serve-call.ts";
import { type FormatDetails, formatUndecoded } from "./server-frame.ts";
import { createMethodTarget } from "./websocket-target.ts";

export interface WebSocketOptions extends Omit<RpcProtocolOptions, "minCompressedBytes"> {
  /** Routes of REST; without it WebSockets are opened to methods only. See `createRouteLookup`. */
  readonly routeOf?: RouteLookup;
  /** Error details in frames of JSON; by default, and always under `protogate.proto`, undecoded in base64. */
  readonly formatDetails?: FormatDetails;
}

const formBySubprotocol: ReadonlyMap<string, MessageForm> = new Map([
  ["protogate.json", "json"],
  ["protogate.proto", "proto"],
]);
/** What stands around a message in its frame, with white space; a message within its limit has to get through. */
const envelopeBytes = 1024;
/** A header frame: as much as the listener takes of a request's header, in UTF-8. */
const minFrameBytes = 64 * 1024;

/** Frames are never compressed: see the listener's door, where the extension is refused. */
export function createWebSocketProtocol(options: WebSocketOptions): UpgradeHandler {
  const { methodOf, routeOf, formatDetails = formatUndecoded, maxRequestBytes, logger } = options;
  return async (request, subprotocols) => {
    const { text: timeoutText, query } = takeTimeout(request.query);
    try {
      const method = methodOf(request.path);
      const target = method === undefined ? routeOf?.(request.path, query) : createMethodTarget(method);
      if (target === undefined) return undefined;
      const subprotocol = subprotocols.find((name) => formBySubprotocol.has(name));
      if (subprotocol === undefined && subprotocols.length > 0) {
        const known = [...formBySubprotocol.keys()].join(", ");
        throw new RpcError(Code.INVALID_ARGUMENT, `none of the subprotocols is known here, only ${known}`);
      }
      const form = formBySubprotocol.get(subprotocol ?? "") ?? "json";
      const context = {
        request,
        timeoutText,
        target,
        form,
        formatDetails: form === "json" ? formatDetails : formatUndecoded,
        maxRequestBytes,
        logger,
      };
      return {
        kind: "accepted",
        subprotocol,
        maxFrameBytes: Math.max(maxRequestBytes + envelopeBytes, minFrameBytes),
        serve: (channel) => serveCall(channel, context),
      };
    } catch (reason) {
      return refuse(RpcError.from(reason));
    }
  };
}

function refuse({ code, rawMessage }: RpcError): UpgradeAnswer {
  const body = JSON.stringify({ code, message: rawMessage, details: [] });
  const header = new Header(["content-type", "application/json"]);
  return { kind: "refused", response: { httpStatus: httpStatusOf(code), header, body } };
}
