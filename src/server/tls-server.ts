// TLS before the two HTTP servers: ALPN decides between them, a client CA makes it mutual.
// Source: RFC 7301 (ALPN), RFC 9113 §9.2 (TLS for HTTP/2), RFC 8446.
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { isDisconnect } from "./is-disconnect.ts";
import type { ListenerContext } from "./listener-context.ts";

export interface TlsHandlers {
  readonly onHttp1: (socket: TLSSocket) => void;
  readonly onHttp2: (socket: TLSSocket) => void;
}

/**
 * A TLS server that does not listen: cleartext sockets are handed to it with `emit("connection", socket)`.
 * @throws Error of OpenSSL when certificate, key or CA are no such thing or do not match
 */
export function createTlsServer(
  tls: { readonly cert: string; readonly key: string; readonly clientCa?: string },
  context: ListenerContext,
  handlers: TlsHandlers,
): Server {
  const { limits, options } = context;
  const server = createServer({
    cert: tls.cert,
    key: tls.key,
    // In the server's order: a client that can do both gets HTTP/2.
    ALPNProtocols: ["h2", "http/1.1"],
    // RFC 9113 demands 1.2 with forward secrecy; Node's default cipher list has nothing else for 1.2 clients of today.
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.handshakeMs,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  server.on("secureConnection", (socket) => {
    if (socket.alpnProtocol === "h2") handlers.onHttp2(socket);
    // A client without ALPN is an old HTTP/1.1 one: HTTP/2 over TLS demands ALPN.
    else handlers.onHttp1(socket);
  });
  server.on("tlsClientError", (error, socket: Socket) => {
    if (!isDisconnect(error)) options.onError(error, "TLS handshake");
    socket.destroy();
  });
  return server;
}
