// Which requests ask for a WebSocket, and whether they ask properly. Everything that is not exactly such a request is an
// ordinary one, whose `Upgrade` is ignored as RFC 9110 §7.8 allows: h2c above all.
// Source: RFC 6455 §4.1 and §4.2.1 (the client's handshake), §4.4 (426 for another version).
import type { IncomingMessage } from "node:http";
import { Code } from "../rpc/code.ts";
import type { HttpResponse } from "../wire/http-message.ts";
import { bareAnswer } from "./bare-answer.ts";

/** A GET without a body that names `websocket` and nothing else. A body would be taken for the first frames. */
export function asksForWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    headers["transfer-encoding"] === undefined &&
    (headers["content-length"] ?? "0") === "0"
  );
}

const nonce = /^[+/0-9A-Za-z]{22}==$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export interface Handshake {
  /** As offered, most wanted first. */
  readonly subprotocols: readonly string[];
}

/** What the client offers, or the answer to a handshake that is broken. */
export function readHandshake({ headers }: IncomingMessage): Handshake | HttpResponse {
  if (headers["sec-websocket-version"] !== "13") {
    const answer = bareAnswer(426, Code.INVALID_ARGUMENT, "only version 13 of WebSocket is spoken here");
    answer.header.append("sec-websocket-version", "13");
    return answer;
  }
  if (!nonce.test(headers["sec-websocket-key"] ?? "")) {
    return bareAnswer(400, Code.INVALID_ARGUMENT, "Sec-WebSocket-Key is no base64 of 16 bytes");
  }
  const offered = headers["sec-websocket-protocol"];
  const subprotocols = offered === undefined ? [] : offered.split(",").map((name) => name.trim());
  if (!subprotocols.every((name) => token.test(name)) || new Set(subprotocols).size < subprotocols.length) {
    return bareAnswer(400, Code.INVALID_ARGUMENT, "Sec-WebSocket-Protocol is no list of different names");
  }
  return { subprotocols };
}
