// What a frame of a client says. A binary frame is a message in protobuf; a text frame is a JSON object with one key that
// says what it is. The envelope is there because a bare message would leave no room for anything else: a Struct may have
// any key, a Value may be anything. Total: whatever is none of this is `malformed`.
// Source: semantics.md "RPC protocols"; the frames are described in websocket-protocol.ts.
import type { WebSocketFrame } from "../../wire/websocket-channel.ts";

export type ClientFrame =
  | { readonly kind: "message"; readonly form: MessageForm; readonly bytes: Uint8Array }
  /** Names as sent, values one or several each. */
  | { readonly kind: "header"; readonly entries: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "half_close" }
  | { readonly kind: "malformed"; readonly reason: string };

/** How the bytes of a message are to be read: text in JSON, binary in protobuf. */
export type MessageForm = "json" | "proto";

/** As much as the listener takes of a request's header. */
const maxHeaderChars = 32 * 1024;

// The value of a message is cut out and not parsed here: its codec knows 64-bit numbers, and names positions in it.
const messageStart = /^[ \t\r\n]*\{[ \t\r\n]*"message"[ \t\r\n]*:/;
const closeBrace = 0x7d;

export function parseClientFrame(frame: WebSocketFrame): ClientFrame {
  if (typeof frame !== "string") return { kind: "message", form: "proto", bytes: frame };
  const start = messageStart.exec(frame);
  if (start === null) return parseControlFrame(frame);
  const text = frame.trimEnd();
  if (text.charCodeAt(text.length - 1) !== closeBrace) return malformed("it has no } at its end");
  return { kind: "message", form: "json", bytes: Buffer.from(text.slice(start[0].length, -1)) };
}

function parseControlFrame(text: string): ClientFrame {
  if (text.length > maxHeaderChars)
    return malformed(`a control frame has at most ${maxHeaderChars} characters`);
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return malformed("it is no JSON");
  }
  if (!isObject(frame)) return malformed('it is no object such as {"message": …}');
  const [entry, more] = Object.entries(frame);
  if (entry !== undefined && more === undefined) {
    const [key, value] = entry;
    if (key === "halfClose" && value === true) return { kind: "half_close" };
    if (key === "header") return parseHeader(value);
  }
  return malformed('expected one key: "message", "header" or "halfClose" (which is true)');
}

function parseHeader(value: unknown): ClientFrame {
  if (!isObject(value)) return malformed('"header" is no object');
  const entries: [string, string][] = [];
  for (const [name, content] of Object.entries(value)) {
    for (const text of Array.isArray(content) ? content : [content]) {
      if (typeof text !== "string")
        return malformed(`header ${name.slice(0, 80)}: expected a string or several`);
      entries.push([name, text]);
    }
  }
  return { kind: "header", entries };
}

function malformed(reason: string): ClientFrame {
  return { kind: "malformed", reason };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
