// Requests over HTTP/1.1: Node's strict parser, its requests as exchanges, its errors as proper answers.
// Source: RFC 9112 (messages, §9.3 pipelining, §11.2 smuggling), RFC 9110 §10.1.1 (Expect: 100-continue).
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import type { HttpResponse } from "../wire/http-message.ts";
import { bareAnswer, bareHttp1Bytes } from "./bare-answer.ts";
import { discardBody } from "./body-pump.ts";
import { Exchange } from "./exchange.ts";
import type { ListenerContext } from "./listener-context.ts";
import { refuseHttp1 } from "./refuse-http1.ts";
import { readHttp1Header } from "./request-header.ts";
import { parseRequestTarget } from "./request-target.ts";
import { createWebSocketDoor } from "./websocket-door.ts";
import { asksForWebSocket, readHandshake } from "./websocket-handshake.ts";
import { writeHttp1Response } from "./write-http1-response.ts";

/** What is open on one connection; kept on the socket so that neither closure nor map is needed per request. */
interface OpenOnSocket {
  count: number;
  latest: ServerResponse | undefined;
  /** Pipelined requests whose turn has not come. */
  readonly waiting: (() => void)[];
}
const openOn = Symbol("open");
type TrackedSocket = Socket & { [openOn]?: OpenOnSocket };

const exchangeOf = Symbol("exchange");
type TrackedResponse = ServerResponse & { [exchangeOf]?: Exchange };

/**
 * The server, not listening. `accept` takes connections whose first bytes were already looked at; the server is also
 * the one to listen on, because only a listening server checks `headersTimeout`.
 */
export interface Http1Server {
  readonly server: Server;
  readonly accept: (socket: Socket) => void;
  /** Sees off WebSockets that nobody uses; the others end with their call. */
  readonly drain: () => void;
  /** Sees off every WebSocket that is left. */
  readonly leave: () => void;
}

export function createHttp1Server(context: ListenerContext): Http1Server {
  const { limits, options, exchanges } = context;
  const door = createWebSocketDoor(context);

  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerMs,
    // It would count the body too and so kill uploads and client streams that are well; `stallMs` watches bodies.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.sweepMs,
    // Both are Node's defaults, said aloud because request smuggling depends on them.
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
    // Finds clients whose machine is gone while a stream rests on both sides.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    optimizeEmptyRequests: true,
    // Behind a request that still waits for its answer a WebSocket would write into that answer.
    shouldUpgradeCallback: (request) =>
      options.upgrade !== undefined &&
      ((request.socket as TrackedSocket)[openOn]?.count ?? 0) === 0 &&
      asksForWebSocket(request),
  });
  // Node would drop entries beyond 2,000 without a word; the size limit bounds their number.
  server.maxHeadersCount = 0;
  // The connection-wide inactivity timeout would end streams on which the backend is silent.
  server.timeout = 0;

  const report = (error: unknown): void => options.onError(error, "HTTP/1.1 response");

  /** @param upgradeHead where the request asks for a WebSocket: what the client has sent after it already */
  const onRequest = (
    request: IncomingMessage,
    response: ServerResponse,
    awaitsContinue: boolean,
    upgradeHead?: Buffer,
  ): void => {
    const socket: TrackedSocket = request.socket;
    socket[openOn] ??= { count: 0, latest: undefined, waiting: [] };
    const open = socket[openOn];
    open.count++;
    open.latest = response;
    if (open.count > limits.maxConcurrentRequests) {
      options.onError(new Error(`more than ${limits.maxConcurrentRequests} pipelined requests`), "HTTP/1.1");
      socket.destroy();
      return;
    }
    if (context.draining) response.shouldKeepAlive = false;

    const httpMethod = request.method ?? "";
    const target = parseRequestTarget(httpMethod, request.url ?? "", false);
    const isPath = target.kind === "path";
    const header = readHttp1Header(request.rawHeaders, isPath ? target.authority : undefined);
    const refusal =
      target.kind === "refused" ? target.reason : typeof header === "string" ? header : undefined;
    const exchange = new Exchange(
      {
        httpMethod,
        path: isPath ? target.path : "*",
        query: isPath ? target.query : "",
        header: typeof header === "string" ? new Header() : header,
        httpVersion: "1.1",
        scheme: context.scheme,
        bodyless: isBodyless(request),
      },
      request,
      socket,
      exchanges,
      awaitsContinue ? () => response.writeContinue() : undefined,
    );
    (response as TrackedResponse)[exchangeOf] = exchange;
    response.on("close", onResponseClose);
    response.on("error", ignore);
    exchanges.add(exchange);

    if (refusal !== undefined) {
      // What else is on this connection was framed by a client that is confused or hostile.
      response.shouldKeepAlive = false;
      void write(exchange, response, bareAnswer(400, Code.INVALID_ARGUMENT, refusal));
    } else if (target.kind === "server") {
      void write(exchange, response, { httpStatus: 204, header: new Header() });
    } else if (upgradeHead !== undefined) {
      void upgrade(exchange, request, response, upgradeHead);
    } else if (open.count === 1) {
      void serve(exchange, request, response);
    } else {
      // One at a time: answers leave in order, so those made ahead of their turn would pile up here for a client that
      // reads none of them.
      open.waiting.push(() => void serve(exchange, request, response));
    }
  };

  const serve = async (
    exchange: Exchange,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    let reply: HttpResponse | undefined;
    try {
      reply = await options.handle(exchange);
      if (reply === undefined) {
        if (exchange.gone !== undefined) return;
        if (context.draining) response.shouldKeepAlive = false;
        if (exchange.body.heldBack) response.writeContinue();
        options.fallback(request, response);
        return;
      }
    } catch (error) {
      options.onError(error, `${exchange.httpMethod} ${exchange.path}`);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      reply = bareAnswer(500, Code.INTERNAL, "internal error");
    }
    await write(exchange, response, reply);
  };

  const upgrade = async (
    exchange: Exchange,
    request: IncomingMessage,
    response: ServerResponse,
    head: Buffer,
  ): Promise<void> => {
    const { socket } = request;
    const handshake = readHandshake(request);
    if (!("subprotocols" in handshake)) return write(exchange, response, handshake);
    try {
      const answer = await options.upgrade?.(exchange, handshake.subprotocols);
      if (socket.destroyed) return;
      if (answer === undefined) return await serve(exchange, request, response);
      if (answer.kind === "refused") return await write(exchange, response, answer.response);
      if (context.draining) {
        const answer = bareAnswer(503, Code.UNAVAILABLE, "the gateway is shutting down");
        return await write(exchange, response, answer);
      }
      response.detachSocket(socket);
      door.open(exchange, request, socket, head, answer);
    } catch (error) {
      options.onError(error, `${exchange.httpMethod} ${exchange.path}`);
      await write(exchange, response, bareAnswer(500, Code.INTERNAL, "internal error"));
    }
  };

  const write = async (exchange: Exchange, response: ServerResponse, reply: HttpResponse): Promise<void> => {
    if (exchange.gone !== undefined || response.destroyed) {
      discardBody(reply.body, exchange);
      return;
    }
    if (context.draining) response.shouldKeepAlive = false;
    try {
      await writeHttp1Response(exchange, response, reply, report);
    } catch (error) {
      report(error);
      discardBody(reply.body, exchange);
      response.destroy();
    }
  };

  const onResponseClose = function (this: TrackedResponse): void {
    const exchange = this[exchangeOf];
    if (exchange === undefined) return;
    exchanges.delete(exchange);
    exchange.close();
    const { req } = this;
    const socket: TrackedSocket = req.socket;
    const open = socket[openOn];
    if (open !== undefined) {
      open.count--;
      if (socket.destroyed) open.waiting.length = 0;
      else open.waiting.shift()?.();
    }
    if (!exchange.bodyless && !req.readableEnded && !socket.destroyed) linger(exchange, req);
    if (context.draining) server.closeIdleConnections();
  };

  /** Drops the rest of an upload for a while, so that a client in the middle of sending gets to see the answer. */
  const linger = (exchange: Exchange, request: IncomingMessage): void => {
    const timer = setTimeout(() => request.socket.destroy(), limits.lingerMs).unref();
    request.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
    exchange.body.discard();
  };

  server.on("request", (request, response) => onRequest(request, response, false));
  server.on("checkContinue", (request, response) => onRequest(request, response, true));
  server.on("upgrade", (request, socket: Socket, head) => {
    // The parser has let go of the connection, so what is answered instead of a WebSocket is the last of it.
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.once("finish", () => socket.destroySoon());
    socket.on("error", ignore);
    onRequest(request, response, false, head);
  });
  server.on("connect", (_request, socket) => {
    socket.on("error", ignore);
    socket.end(bareHttp1Bytes("405 Method Not Allowed", Code.UNIMPLEMENTED, "this is no proxy"));
  });
  server.on("clientError", (error, stream) => {
    const socket = stream as TrackedSocket;
    const open = socket[openOn];
    // In the middle of an answer, or before one that is owed, a 400 would be taken for a part of it.
    const mayAnswer =
      open === undefined || open.count === 0 || (open.count === 1 && !open.latest?.headersSent);
    refuseHttp1(error, socket, mayAnswer, limits.lingerMs, options.onError);
  });

  const [accept] = server.listeners("connection") as ((socket: Socket) => void)[];
  if (accept === undefined) throw new Error("node:http has no connection listener");
  server.removeAllListeners("connection");
  return {
    server,
    accept: (socket) => accept.call(server, socket),
    drain: door.drain,
    leave: door.leave,
  };
}

function isBodyless(request: IncomingMessage): boolean {
  const { headers } = request;
  const length = headers["content-length"];
  return headers["transfer-encoding"] === undefined && (length === undefined || length === "0");
}

function ignore(): void {}
