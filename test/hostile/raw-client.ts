// Clients that no library would let one write: bytes on a socket, and HTTP/2 by the frame.
// Source: RFC 9113 §4.1 (frames), §6 (their types); RFC 7541 §6.2.2 (a literal without indexing).
import { connect, type Socket } from "node:net";

/** Opens a connection. Errors and resets are its end, never a throw. */
export function openRaw(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject).on("error", () => undefined);
      resolve(socket);
    });
  });
}

/** Everything that comes until the other side closes. */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => {
      text += piece;
    });
    socket.once("close", () => resolve(text));
  });
}

/** Sends bytes and returns everything that comes back until the other side closes. */
export async function sayRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await openRaw(port);
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return readAll(socket);
}

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const endStream = 1;
export const endHeaders = 4;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `[id, value]` pairs. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frame(frameType.settings, 0, 0, payload);
}

/** A header block of literals without indexing and without Huffman: what every decoder understands. */
export function headerBlock(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) parts.push(Buffer.from([0]), hpackText(name), hpackText(value));
  return Buffer.concat(parts);
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const head = [127];
  for (let rest = bytes.length - 127; ; rest >>>= 7) {
    head.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from(head), bytes]);
}

export function requestBlock(
  path: string,
  ...fields: readonly (readonly [name: string, value: string])[]
): Buffer {
  return headerBlock(
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "h"],
    [":path", path],
    ...fields,
  );
}

/** A whole request without a body. */
export function requestFrame(stream: number, path: string): Buffer {
  return frame(frameType.headers, endStream | endHeaders, stream, requestBlock(path));
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(frameType.windowUpdate, 0, stream, payload);
}

export function reset(stream: number): Buffer {
  return frame(frameType.reset, 0, stream, Buffer.from([0, 0, 0, 8]));
}

/**
 * Writes pieces until all are out or the other side has closed, at the speed the socket takes them.
 * @returns how many pieces went out
 */
export async function flood(socket: Socket, pieces: Iterable<Buffer>): Promise<number> {
  let count = 0;
  let closed = false;
  let wake = (): void => {};
  const proceed = (): void => wake();
  socket.once("close", () => {
    closed = true;
    proceed();
  });
  socket.on("drain", proceed);
  for (const piece of pieces) {
    if (closed || socket.destroyed) break;
    count++;
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (closed || socket.destroyed) resolve();
    });
  }
  return count;
}
