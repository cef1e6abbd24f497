// What a connection gets whose bytes are no HTTP/1.1 request: a whole answer where one can be told apart, then the end.
// Source: RFC 9112 §2.2, §9.6 (closing so that the peer gets to read the last answer), RFC 6585 §5 (431).
import type { Socket } from "node:net";
import { Code } from "../rpc/code.ts";
import { bareHttp1Bytes } from "./bare-answer.ts";
import { isDisconnect } from "./is-disconnect.ts";

const refused = Symbol("refused");
type RefusableSocket = Socket & { [refused]?: true };

/**
 * @param mayAnswer false in the middle of another answer: then the connection just ends
 * @param lingerMs how long what the client still sends is dropped before the connection is destroyed
 */
export function refuseHttp1(
  error: NodeJS.ErrnoException,
  socket: RefusableSocket,
  mayAnswer: boolean,
  lingerMs: number,
  onError: (error: unknown, where: string) => void,
): void {
  // Node asks again when the peer then closes in the middle of what could not be parsed.
  if (socket[refused]) return;
  socket[refused] = true;
  if (isDisconnect(error)) {
    socket.destroy();
    return;
  }
  onError(error, "HTTP/1.1");
  if (!mayAnswer || !socket.writable) {
    socket.destroy();
    return;
  }
  // Closing with bytes unread makes the kernel reset the connection, and the client loses the answer.
  socket.removeAllListeners("data");
  socket.on("data", ignore);
  socket.resume();
  socket.end(answerTo(error));
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(timer)).once("end", () => socket.destroy());
}

function answerTo(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return bareHttp1Bytes(
        "431 Request Header Fields Too Large",
        Code.RESOURCE_EXHAUSTED,
        "the request header is too large",
      );
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return bareHttp1Bytes(
        "413 Content Too Large",
        Code.RESOURCE_EXHAUSTED,
        "chunk extensions are too large",
      );
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return bareHttp1Bytes(
        "408 Request Timeout",
        Code.DEADLINE_EXCEEDED,
        "the request header took too long",
      );
    default:
      return bareHttp1Bytes("400 Bad Request", Code.INVALID_ARGUMENT, "this is not well-formed HTTP");
  }
}

function ignore(): void {}
