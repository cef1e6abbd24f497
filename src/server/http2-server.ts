// Requests over HTTP/2: Node's sessions with limits on what one client may hold or flood, its streams as exchanges.
// Source: RFC 9113 (§6.8 GOAWAY, §8.5 CONNECT, §10.5 denial of service).
import {
  constants,
  createServer,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import type { HttpResponse } from "../wire/http-message.ts";
import { bareAnswer } from "./bare-answer.ts";
import { discardBody } from "./body-pump.ts";
import { Exchange } from "./exchange.ts";
import { http2Options, watchSession } from "./http2-session.ts";
import { isDisconnect } from "./is-disconnect.ts";
import type { ListenerContext } from "./listener-context.ts";
import { readHttp2Header } from "./request-header.ts";
import { parseRequestTarget } from "./request-target.ts";
import { writeHttp2Response } from "./write-http2-response.ts";

const exchangeOf = Symbol("exchange");
type TrackedStream = ServerHttp2Stream & { [exchangeOf]?: Exchange };

export interface Http2Server {
  readonly accept: (socket: Socket) => void;
  /**
   * GOAWAY on every connection; each closes when its last stream ends. It names the last stream that is served, so a
   * client knows that it may send those after it again elsewhere. The warning before it that RFC 9113 §6.8 advises
   * (GOAWAY of 2^31-1, with everything still served for a round trip) cannot be had from node:http2: its `goaway()`
   * makes nghttp2 drop new streams at once whatever it names, and then they would be neither served nor refused.
   */
  readonly drain: () => void;
}

export function createHttp2Server(context: ListenerContext): Http2Server {
  const { options, limits, exchanges } = context;
  const sessions = new Map<ServerHttp2Session, Socket>();
  const report = (error: unknown): void => options.onError(error, "HTTP/2 response");

  const onStream = (
    stream: TrackedStream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: readonly string[],
  ): void => {
    stream.on("error", onStreamError);
    const socket =
      stream.session === undefined ? undefined : sessions.get(stream.session as ServerHttp2Session);
    if (socket === undefined || stream.destroyed) return;
    const { httpMethod, header, target: rawTarget, refusal } = readHttp2Header(raw, limits.maxHeaderBytes);
    const target = parseRequestTarget(httpMethod, rawTarget, true);
    const isPath = target.kind === "path";
    const awaitsContinue = header.get("expect")?.toLowerCase() === "100-continue";
    const exchange = new Exchange(
      {
        httpMethod,
        path: isPath ? target.path : "*",
        query: isPath ? target.query : "",
        header,
        httpVersion: "2",
        scheme: context.scheme,
        bodyless: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
      },
      stream,
      socket,
      exchanges,
      awaitsContinue ? () => sendContinue(stream) : undefined,
    );
    stream[exchangeOf] = exchange;
    stream.on("close", onStreamClose);
    exchanges.add(exchange);

    if (refusal !== undefined) {
      const code = refusal.httpStatus === 431 ? Code.RESOURCE_EXHAUSTED : Code.INVALID_ARGUMENT;
      void write(exchange, stream, bareAnswer(refusal.httpStatus, code, refusal.reason));
    } else if (httpMethod === "CONNECT") {
      // Also where it is an extended one (RFC 8441, WebSocket over HTTP/2): we do not announce it. Browsers then open
      // WebSockets over HTTP/1.1, which all of them do; a stream would need framing of its own beside the library's,
      // and no proxy that people put before a gateway passes it on by default.
      void write(exchange, stream, bareAnswer(405, Code.UNIMPLEMENTED, "this is no proxy"));
    } else if (target.kind === "refused") {
      void write(exchange, stream, bareAnswer(400, Code.INVALID_ARGUMENT, target.reason));
    } else if (target.kind === "server") {
      void write(exchange, stream, { httpStatus: 204, header: new Header() });
    } else {
      void serve(exchange, stream, headers, raw);
    }
  };

  const serve = async (
    exchange: Exchange,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    raw: readonly string[],
  ): Promise<void> => {
    let reply: HttpResponse | undefined;
    try {
      reply = await options.handle(exchange);
      if (reply === undefined) {
        if (exchange.gone !== undefined || stream.destroyed) return;
        if (exchange.body.heldBack) sendContinue(stream);
        options.fallback(new Http2ServerRequest(stream, headers, {}, raw), new Http2ServerResponse(stream));
        return;
      }
    } catch (error) {
      options.onError(error, `${exchange.httpMethod} ${exchange.path}`);
      if (stream.headersSent) {
        stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        return;
      }
      reply = bareAnswer(500, Code.INTERNAL, "internal error");
    }
    await write(exchange, stream, reply);
  };

  const write = async (exchange: Exchange, stream: ServerHttp2Stream, reply: HttpResponse): Promise<void> => {
    if (exchange.gone !== undefined || stream.destroyed || stream.closed) {
      discardBody(reply.body, exchange);
      return;
    }
    try {
      await writeHttp2Response(exchange, stream, reply, report);
    } catch (error) {
      report(error);
      discardBody(reply.body, exchange);
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  };

  const onStreamClose = function (this: TrackedStream): void {
    const exchange = this[exchangeOf];
    if (exchange === undefined) return;
    exchanges.delete(exchange);
    exchange.close();
  };

  const server = createServer(http2Options(limits));
  server.on("stream", onStream);
  server.on("sessionError", (error) => {
    if (!isDisconnect(error)) options.onError(error, "HTTP/2");
  });

  let arriving: Socket | undefined;
  server.on("session", (session) => {
    if (arriving === undefined) return;
    sessions.set(session, arriving);
    session.once("close", () => sessions.delete(session));
    watchSession(session, context);
    // What came with its preface is served; it could not know.
    if (context.draining) session.once("remoteSettings", () => setImmediate(() => session.close()));
  });

  return {
    accept(socket) {
      arriving = socket;
      // Emits "session" before it returns.
      server.emit("connection", socket);
      arriving = undefined;
    },
    drain() {
      for (const session of sessions.keys()) session.close();
    },
  };
}

function sendContinue(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed && !stream.headersSent)
    stream.additionalHeaders({ ":status": 100 });
}

/** What a stream dies of is told by its "close"; without a listener Node would bring the process down. */
function onStreamError(): void {}
