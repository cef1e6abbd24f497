// Who may open a WebSocket from a browser: pages of the gateway's own host, and those that CORS allows. Browsers do not
// ask before they open one and send cookies along, so without this any page could speak in its visitor's name
// (cross-site WebSocket hijacking).
// Source: RFC 6455 §4.2.2 and §10.2 (the server decides by Origin).
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import type { UpgradeHandler } from "../wire/websocket-channel.ts";
import { bareAnswer } from "./bare-answer.ts";
import type { CorsOptions } from "./cors.ts";
import { createOriginSet, isSameHost } from "./origin-pattern.ts";

/**
 * Refuses an upgrade of a foreign origin with 403. Programs send no Origin and pass. Where CORS allows the origin but not
 * credentials, what identifies the visitor (cookie, authorization, client certificate) is not passed on, as a browser
 * would leave it out of a fetch.
 * @param cors absent = same host only
 */
export function withOrigins(cors: CorsOptions | undefined, upgrade: UpgradeHandler): UpgradeHandler {
  const origins = createOriginSet(cors?.origins ?? []);
  return async (request, subprotocols) => {
    const origin = request.header.get("origin");
    if (origin === undefined || isSameHost(origin, request.header.get("host"))) {
      return upgrade(request, subprotocols);
    }
    if (!origins.has(origin)) return { kind: "refused", response: refusal() };
    return upgrade(cors?.credentials === true ? request : withoutCredentials(request), subprotocols);
  };
}

function refusal() {
  const message = "this origin may not open a WebSocket here (`cors.origins` of the gateway's config)";
  return bareAnswer(403, Code.PERMISSION_DENIED, message);
}

function withoutCredentials(request: HttpRequest): HttpRequest {
  const header = new Header(request.header.flat.slice());
  header.delete("cookie");
  header.delete("authorization");
  const { httpMethod, path, query, httpVersion, scheme, remoteAddress, body, bodyless } = request;
  return {
    httpMethod,
    path,
    query,
    header,
    httpVersion,
    scheme,
    remoteAddress,
    body,
    bodyless,
    // Made when first asked for.
    get signal() {
      return request.signal;
    },
  };
}
