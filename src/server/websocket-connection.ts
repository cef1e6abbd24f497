// One WebSocket: frames in and out at the pace of the slower side, a heartbeat that finds peers who are gone, and a
// close that lets the last frames out.
// Source: RFC 6455 §5.5 (control frames), §7.1 (closing), §7.4 (codes).
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { WebSocketChannel, WebSocketFrame } from "../wire/websocket-channel.ts";
import type { Exchange } from "./exchange.ts";
import type { Expiring } from "./exchange-set.ts";
import { isDisconnect } from "./is-disconnect.ts";
import type { ListenerContext } from "./listener-context.ts";
import { WebSocketFrames } from "./websocket-frames.ts";

/** A control frame has at most 125 bytes, two of which are the code. */
const maxReasonBytes = 123;

export class WebSocketConnection implements WebSocketChannel, Expiring {
  readonly frames: WebSocketFrames;
  /** When the heartbeat is due, in the clock of the exchanges. */
  expireAtMs: number;
  /** Whether a frame has gone either way. */
  used = false;

  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #exchange: Exchange;
  readonly #context: ListenerContext;
  /** Frames that the kernel has not taken yet. */
  #unwrittenCount = 0;
  #waitsForRoom = false;
  /** Everybody who waits for room, or for the end. */
  readonly #wakers: (() => void)[] = [];
  #corked = false;
  #pinged = false;
  #seenBytes = -1;
  #closing: { readonly code: number; readonly reason: string } | undefined;

  constructor(ws: WebSocket, socket: Socket, exchange: Exchange, context: ListenerContext) {
    this.#ws = ws;
    this.#socket = socket;
    this.#exchange = exchange;
    this.#context = context;
    this.frames = new WebSocketFrames(ws);
    this.expireAtMs = context.exchanges.nowMs + context.limits.pingMs;
    ws.on("message", (bytes, isBinary) => {
      this.used = true;
      // One Buffer: the library's default for `binaryType`.
      this.frames.push(isBinary ? (bytes as Buffer) : bytes.toString());
    });
    ws.on("error", (error) => {
      if (!isDisconnect(error)) context.options.onError(error, "WebSocket");
      exchange.cancel("the client broke the WebSocket protocol");
      this.frames.end();
      this.#wake();
    });
    ws.once("close", () => {
      context.exchanges.unwatch(this);
      context.exchanges.delete(exchange);
      exchange.close();
      this.frames.end();
      this.#wake();
    });
    socket.on("drain", () => this.#wake());
    context.exchanges.watch(this);
  }

  async send(frame: WebSocketFrame): Promise<void> {
    if (this.#closing !== undefined) return;
    if (this.#ws.readyState !== WebSocket.OPEN) {
      // The library tells of a close only when the socket is closed too; who sends on and on has to hear of it now.
      this.#exchange.cancel("the client went away");
      return;
    }
    this.used = true;
    this.#corkForTick();
    this.#unwrittenCount++;
    this.#ws.send(frame, () => this.#onWritten());
    while (this.#socket.writableNeedDrain && this.#ws.readyState === WebSocket.OPEN) {
      this.#waitForRoom();
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason: cutReason(reason) };
    this.#exchange.answered = true;
    this.frames.discard();
    if (this.#unwrittenCount === 0) this.#finish();
    // The time that the library grants for the closing handshake may be too short for what a slow reader has to read.
    else this.#waitForRoom();
  }

  /** Ends the work for this peer and says that the gateway goes away. */
  leave(): void {
    this.#exchange.cancel("the gateway is shutting down");
    this.#closing ??= { code: 1001, reason: "the gateway is shutting down" };
    this.frames.discard();
    this.#finish();
  }

  /**
   * The heartbeat. A peer from which nothing came since the last ping, the pong least of all, is gone; but nothing is
   * heard of one that we do not read from, and one with bytes to take is watched by the stall limit.
   */
  expire(): void {
    const { exchanges, limits } = this.#context;
    this.expireAtMs = exchanges.nowMs + limits.pingMs;
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const { bytesRead } = this.#socket;
    if (this.#ws.bufferedAmount > 0) {
      this.#waitForRoom();
      this.#pinged = false;
      return;
    }
    if (this.#pinged && bytesRead === this.#seenBytes && !this.#ws.isPaused) {
      this.#exchange.cancel(`the client answered no ping for ${limits.pingMs} ms`);
      this.#ws.terminate();
      return;
    }
    this.#seenBytes = bytesRead;
    this.#pinged = true;
    this.#ws.ping(undefined, undefined, ignore);
  }

  #finish(): void {
    if (this.#closing === undefined) return;
    this.#wake();
    this.#ws.close(this.#closing.code, this.#closing.reason);
    // It reads on only for the peer's half of the handshake.
    this.#ws.resume();
  }

  /** Frames of one tick leave in one write. */
  #corkForTick(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #onWritten(): void {
    this.#unwrittenCount--;
    if (this.#unwrittenCount > 0) return;
    this.#wake();
    if (this.#closing !== undefined) this.#finish();
  }

  #waitForRoom(): void {
    if (this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#exchange.waitForRoom(this.#ws.bufferedAmount);
  }

  #wake(): void {
    if (this.#waitsForRoom) {
      this.#waitsForRoom = false;
      this.#exchange.roomMade();
    }
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

function cutReason(reason: string): string {
  let cut = "";
  let bytes = 0;
  for (const char of reason.slice(0, maxReasonBytes)) {
    bytes += Buffer.byteLength(char);
    if (bytes > maxReasonBytes) break;
    cut += char;
  }
  return cut.toWellFormed();
}

function ignore(): void {}
