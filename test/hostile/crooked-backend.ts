// A backend that speaks HTTP/2 by hand, so that it can answer what no gRPC library would. The behaviour is chosen by
// the call: each behaviour is a function on the stream.
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

export type Behaviour = (stream: ServerHttp2Stream) => void;

export interface CrookedBackend {
  readonly target: string;
  /** What every call from now on gets. */
  behave(behaviour: Behaviour): void;
  /** Streams that are open now. */
  readonly active: () => number;
  close(): Promise<void>;
}

export const grpcHead = { ":status": 200, "content-type": "application/grpc" } as const;

/** A message in its envelope. */
export function envelope(message: Uint8Array, flags = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

export async function startCrooked(port = 0): Promise<CrookedBackend> {
  const sessions = new Set<ServerHttp2Session>();
  let active = 0;
  let behaviour: Behaviour = (stream) => stream.close();
  const server = createServer({ strictSingleValueFields: false, maxSendHeaderBlockLength: 1024 * 1024 });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream: ServerHttp2Stream) => {
    active++;
    stream.on("error", () => undefined);
    stream.once("close", () => active--);
    behaviour(stream);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave(next) {
      behaviour = next;
    },
    active: () => active,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** Answers header, bytes, trailers. */
export function answer(
  bytes: Buffer,
  trailers: Record<string, string | string[]> = { "grpc-status": "0" },
  head: Record<string, string | number | string[]> = grpcHead,
): Behaviour {
  return (stream) => {
    stream.respond(head, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(bytes);
  };
}

/** Answers with nothing but a header that ends the stream. */
export function trailersOnly(head: Record<string, string | number | string[]>): Behaviour {
  return (stream) => stream.respond(head, { endStream: true });
}
