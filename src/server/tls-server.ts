// TLS before the two HTTP servers: ALPN decides between them, a client CA makes it mutual.
// Source: RFC 7301 (ALPN), RFC 9113 §9.2 (TLS for HTTP/2), RFC 8446.
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { introducePrincipal } from "./connection-principal.ts";
import { isDisconnect } from "./is-disconnect.ts";
import type { TlsOptions } from "./listener.ts";
import type { ListenerContext } from "./listener-context.ts";

export interface TlsHandlers {
  readonly onHttp1: (socket: TLSSocket) => void;
  readonly onHttp2: (socket: TLSSocket) => void;
}

/**
 * A TLS server that does not listen: cleartext sockets are handed to it with `emit("connection", socket)`.
 * @throws Error of OpenSSL when certificate, key or CA are no such thing or do not match
 */
export function createTlsServer(tls: TlsOptions, context: ListenerContext, handlers: TlsHandlers): Server {
  const { limits, options } = context;
  const server = createServer({
    ...secureContext(tls),
    // In the server's order: a client that can do both gets HTTP/2.
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: limits.handshakeMs,
    requestCert: tls.clientCa !== undefined,
    rejectUnauthorized: tls.clientCa !== undefined && tls.clientAuth !== "optional",
  });
  server.on("secureConnection", (socket) => {
    if (tls.clientCa !== undefined) {
      introducePrincipal(socket);
      // With `optional` the handshake lets anything through.
      if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) {
        options.onError(
          new Error(`client certificate refused: ${socket.authorizationError}`),
          "TLS handshake",
        );
        socket.destroy();
        return;
      }
    }
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

/** What new connections are made with; to be given whole each time, as Node forgets what is not said again. */
export function secureContext(tls: TlsOptions): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
    // RFC 9113 demands 1.2 with forward secrecy; Node's default cipher list has nothing else for 1.2 clients of today.
    minVersion: "TLSv1.2",
  };
}
