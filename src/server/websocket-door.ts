// Makes connections WebSockets once a protocol has accepted them, and sees them off when the listener closes.
// Source: RFC 6455 §4.2.2 (the server's handshake), RFC 7692 (compression, which is off).
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { UpgradeAnswer } from "../wire/websocket-channel.ts";
import type { Exchange } from "./exchange.ts";
import type { ListenerContext } from "./listener-context.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

type Accepted = Extract<UpgradeAnswer, { readonly kind: "accepted" }>;

export interface WebSocketDoor {
  /** @param head what the client has sent after its request already */
  open(exchange: Exchange, request: IncomingMessage, socket: Socket, head: Buffer, answer: Accepted): void;
  /** Says goodbye where nothing was said yet; the others end with their call. */
  drain(): void;
  /** Says goodbye to all that are left, whose sockets will be destroyed. */
  leave(): void;
}

export function createWebSocketDoor(context: ListenerContext): WebSocketDoor {
  const connections = new Set<WebSocketConnection>();
  // Spread below because the library's types do not know it.
  const closing = { closeTimeout: context.limits.lingerMs };
  const servers = new Map<number, WebSocketServer>();

  /** One for each limit that protocols have, which is one or two. */
  const serverOf = (maxFrameBytes: number): WebSocketServer => {
    let server = servers.get(maxFrameBytes);
    if (server === undefined) {
      server = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        autoPong: true,
        maxPayload: maxFrameBytes,
        // A compressor with its window is 300 KiB a connection, half of that when it rests; it inflates what a peer made
        // small to make us work; and compressing secrets beside what an attacker chose tells them (CRIME).
        perMessageDeflate: false,
        ...closing,
        // The protocol has chosen already.
        handleProtocols: (_offered, request) => choices.get(request) ?? false,
      });
      servers.set(maxFrameBytes, server);
    }
    return server;
  };
  const choices = new WeakMap<IncomingMessage, string>();

  const serve = async (
    connection: WebSocketConnection,
    exchange: Exchange,
    answer: Accepted,
  ): Promise<void> => {
    try {
      await answer.serve(connection);
      connection.close(1000, "");
    } catch (error) {
      context.options.onError(error, `WebSocket ${exchange.path}`);
      exchange.cancel("internal error");
      connection.close(1011, "internal error");
    }
  };

  return {
    open(exchange, request, socket, head, answer) {
      const onGone = (): void => {
        context.exchanges.delete(exchange);
        exchange.close();
      };
      // Until the library has it nobody else hears of its end; afterwards it does no harm.
      socket.once("close", onGone);
      if (answer.subprotocol !== undefined) choices.set(request, answer.subprotocol);
      serverOf(answer.maxFrameBytes).handleUpgrade(request, socket, head, (ws: WebSocket) => {
        socket.off("close", onGone);
        const connection = new WebSocketConnection(ws, socket, exchange, context);
        connections.add(connection);
        ws.once("close", () => connections.delete(connection));
        void serve(connection, exchange, answer);
      });
    },
    drain() {
      for (const connection of connections) if (!connection.used) connection.leave();
    },
    leave() {
      for (const connection of connections) connection.leave();
    },
  };
}
