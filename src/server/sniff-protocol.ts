// Which HTTP a new cleartext connection speaks, from its first bytes. No HTTP/1.1 method begins with the preface's
// first three bytes, so three decide; for HTTP/2 the whole preface is awaited, because Node's HTTP/2 session waits for
// the rest of it for ever.
// Source: RFC 9113 §3.4 (connection preface).
import type { Socket } from "node:net";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const decisiveBytes = 3;

export interface SniffHandlers {
  readonly onHttp1: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
  /** The connection said nothing, or began a preface that is none; it is closed already. */
  readonly onRefused: (reason: string, socket: Socket) => void;
}

/** Hands the socket on, with its first bytes put back, or closes it after `timeoutMs`. */
export function sniffProtocol(socket: Socket, timeoutMs: number, handlers: SniffHandlers): void {
  let seen: Buffer | undefined;

  const settle = (): void => {
    clearTimeout(timer);
    socket.off("data", onBytes).off("error", onError).off("end", onEnd).off("close", settle);
  };
  const refuse = (reason: string): void => {
    settle();
    socket.on("error", ignore);
    socket.destroy();
    handlers.onRefused(reason, socket);
  };
  const onBytes = (bytes: Buffer): void => {
    seen = seen === undefined ? bytes : Buffer.concat([seen, bytes]);
    const common = Math.min(seen.length, preface.length);
    const isPreface = preface.compare(seen, 0, common, 0, common) === 0;
    if (isPreface && common < preface.length) return;
    if (!isPreface && beginsLikePreface(seen)) {
      refuse("the HTTP/2 preface is broken");
      return;
    }
    settle();
    socket.pause();
    socket.unshift(seen);
    if (isPreface) {
      // No resume(): the HTTP/2 session takes what was put back and reads the handle itself (packages.md §4).
      socket.allowHalfOpen = false;
      handlers.onHttp2(socket);
    } else {
      handlers.onHttp1(socket);
      socket.resume();
    }
  };
  // A client that goes before it said anything broke no protocol: port scans and load balancers do it all day.
  const onError = (): void => {
    settle();
    socket.on("error", ignore);
    socket.destroy();
  };
  const onEnd = (): void => {
    settle();
    socket.on("error", ignore);
    socket.destroy();
  };
  const timer = setTimeout(() => refuse(`no HTTP within ${timeoutMs} ms`), timeoutMs);
  socket.on("data", onBytes).on("error", onError).on("end", onEnd).on("close", settle);
}

function beginsLikePreface(seen: Buffer): boolean {
  return seen.length >= decisiveBytes && preface.compare(seen, 0, decisiveBytes, 0, decisiveBytes) === 0;
}

function ignore(): void {}
