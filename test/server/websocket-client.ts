// WebSocket clients of tests: the library's, with everything that came kept in order, and a socket that says raw frames.
import { once } from "node:events";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import { openSocket } from "./open-listener.ts";

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface TestSocket {
  readonly ws: WebSocket;
  /** Text frames as text, binary ones as bytes. */
  readonly frames: (string | Buffer)[];
  readonly closed: Promise<Closed>;
  /** The next frame that was not returned yet; undefined when the socket has closed. */
  next(): Promise<string | Buffer | undefined>;
}

export interface OpenOptions {
  readonly subprotocols?: readonly string[];
  readonly header?: Record<string, string>;
  readonly autoPong?: boolean;
  readonly tls?: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername">;
}

/** Begins to open; `frames` and `closed` hear everything from the first byte. */
export function startWebSocket(url: string, options: OpenOptions = {}): TestSocket {
  const ws = new WebSocket(url.replace(/^http/, "ws"), [...(options.subprotocols ?? [])], {
    headers: options.header ?? {},
    autoPong: options.autoPong ?? true,
    perMessageDeflate: true,
    ...options.tls,
  });
  const frames: (string | Buffer)[] = [];
  let taken = 0;
  let wake: (() => void) | undefined;
  let isClosed = false;
  ws.on("message", (bytes, isBinary) => {
    frames.push(isBinary ? (bytes as Buffer) : bytes.toString());
    wake?.();
  });
  ws.on("error", () => {});
  const closed = new Promise<Closed>((resolve) => {
    ws.once("close", (code, reason) => {
      isClosed = true;
      wake?.();
      resolve({ code, reason: reason.toString() });
    });
  });
  return {
    ws,
    frames,
    closed,
    async next() {
      while (taken === frames.length && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return frames[taken++];
    },
  };
}

/** Opens, or rejects with what the server answered instead. */
export async function openWebSocket(url: string, options: OpenOptions = {}): Promise<TestSocket> {
  const socket = startWebSocket(url, options);
  const refused = new Promise<never>((_, reject) => {
    socket.ws.once("error", reject);
  });
  await Promise.race([once(socket.ws, "open"), refused]);
  refused.catch(() => {});
  return socket;
}

/** What a client says to open a WebSocket. */
export function handshake(path: string, lines: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    "Host: h",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...lines,
    "",
    "",
  ].join("\r\n");
}

/** A masked frame, with a mask of zeros so that the payload is as written. */
export function rawFrame(firstByte: number, payload: string | Uint8Array, length?: number): Buffer {
  const bytes = Buffer.from(payload);
  const size = length ?? bytes.length;
  const head =
    size < 126
      ? Buffer.from([firstByte, 0x80 | size])
      : size < 65_536
        ? Buffer.from([firstByte, 0x80 | 126, size >> 8, size & 0xff])
        : Buffer.concat([Buffer.from([firstByte, 0x80 | 127, 0, 0, 0, 0]), uint32(size)]);
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export interface RawSocket {
  readonly socket: Socket;
  /** Everything that came after the answer to the handshake, until the server ended the connection. */
  readonly rest: Promise<Buffer>;
}

/** A WebSocket on a bare TCP connection. */
export async function openRaw(port: number, path: string): Promise<RawSocket> {
  const socket = await openSocket(port, handshake(path));
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  const rest = new Promise<Buffer>((resolve) => {
    socket.once("close", () => {
      const all = Buffer.concat(pieces);
      resolve(all.subarray(all.indexOf("\r\n\r\n") + 4));
    });
  });
  while (!Buffer.concat(pieces).includes("\r\n\r\n") && !socket.closed) {
    await Promise.race([once(socket, "data"), once(socket, "close")]);
  }
  return { socket, rest };
}

/** The code of a server's close frame at the end of `bytes`; undefined where there is none. */
export function closeCodeIn(bytes: Buffer): number | undefined {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] as number) & 0x0f;
    let size = (bytes[at + 1] as number) & 0x7f;
    at += 2;
    if (size === 126) {
      size = bytes.readUInt16BE(at);
      at += 2;
    } else if (size === 127) {
      size = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if (opcode === 8) return size >= 2 ? bytes.readUInt16BE(at) : 1005;
    at += size;
  }
  return undefined;
}
