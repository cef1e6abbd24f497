// One port for both versions of HTTP: accepts connections, finds out what they speak, and closes them in good order.
// Source: design.md §3 (listeners), RFC 9113 §3.3 (prior knowledge), §6.8 (GOAWAY).
import type { AddressInfo, Socket } from "node:net";
import { ExchangeSet } from "./exchange-set.ts";
import { createHttp1Server } from "./http1-server.ts";
import { createHttp2Server } from "./http2-server.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import type { ListenerContext } from "./listener-context.ts";
import { defaultLimits } from "./listener-limits.ts";
import { sniffProtocol } from "./sniff-protocol.ts";
import { createTlsServer, secureContext } from "./tls-server.ts";

/** Node's default for `listen`. */
const maxBacklog = 511;
/** How long a drain waits for a new connection to say what it speaks: a TLS handshake over a long way. */
const introductionMs = 500;

/**
 * Opens the port. Resolves when it is bound.
 * @throws Error with Node's `code` (EADDRINUSE, EACCES, ENOTFOUND …) when it cannot be bound, or OpenSSL's error when
 *   certificate or key are not usable
 */
export async function createListener(options: ListenerOptions): Promise<Listener> {
  const limits = { ...defaultLimits, ...options.limits };
  const exchanges = new ExchangeSet(limits);
  const scheme = options.tls === undefined ? "http" : "https";
  const context: ListenerContext = { options, limits, exchanges, scheme, draining: false };
  const http1 = createHttp1Server(context);
  const http2 = createHttp2Server(context);
  const sockets = new Set<Socket>();
  /** Connections of which nothing is known yet, by peer. */
  const strangers = new Map<string, Socket>();

  let acceptedCount = 0;

  /** What the system has taken for us it would reset when we stop listening, and Node accepts one a turn. */
  const acceptWaiting = async (): Promise<void> => {
    for (let turns = 0, quiet = 0; turns < maxBacklog && quiet < 2; turns++) {
      const before = acceptedCount;
      await new Promise((resolve) => setImmediate(resolve));
      quiet = acceptedCount === before ? quiet + 1 : 0;
    }
  };

  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  const introduce =
    (accept: (socket: Socket) => void) =>
    (socket: Socket): void => {
      strangers.delete(peerOf(socket));
      // The TLS socket around the one that was accepted.
      if (!sockets.has(socket)) track(socket);
      accept(socket);
    };
  const handlers = {
    onHttp1: introduce(http1.accept),
    onHttp2: introduce(http2.accept),
    onRefused: (reason: string) => options.onError(new Error(reason), "new connection"),
  };
  const tls = options.tls === undefined ? undefined : createTlsServer(options.tls, context, handlers);

  const { server } = http1;
  if (Number.isFinite(limits.maxConnections)) server.maxConnections = limits.maxConnections;
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    acceptedCount++;
    track(socket);
    strangers.set(peer, socket);
    socket.once("close", () => {
      if (strangers.get(peer) === socket) strangers.delete(peer);
    });
    if (tls === undefined) sniffProtocol(socket, limits.firstBytesMs, handlers);
    else tls.emit("connection", socket);
  });

  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: options.host, port: options.port }, resolve);
    });
  } catch (error) {
    exchanges.stop();
    throw error;
  }
  server.on("error", (error) => options.onError(error, "listening socket"));

  let closing: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    context.draining = true;
    await acceptWaiting();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    // What they have sent already is not read yet: it may be a request.
    const introduction = setTimeout(
      () => {
        for (const socket of strangers.values()) socket.destroy();
      },
      Math.min(graceMs, introductionMs),
    );
    http1.drain();
    http2.drain();
    const timer = setTimeout(() => {
      http1.leave();
      // A turn later, so that what WebSockets were told last is on its way.
      setImmediate(() => {
        for (const socket of sockets) socket.destroy();
      });
    }, graceMs);
    await closed;
    clearTimeout(introduction);
    clearTimeout(timer);
    exchanges.stop();
  };

  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    get activeCount() {
      return exchanges.size;
    },
    replaceTls(next) {
      // Tickets of the old context resume nothing: the new one has keys of its own.
      tls?.setSecureContext(secureContext(next));
    },
    close(graceMs) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
