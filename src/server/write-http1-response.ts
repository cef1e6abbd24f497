// A response onto Node's ServerResponse: framing, backpressure, trailers, HEAD.
// Source: RFC 9112 §6 (framing), RFC 9110 §6.5 (trailers, only after `TE: trailers`), §9.3.2 (HEAD).
import type { ServerResponse } from "node:http";
import type { BodyPiece, HttpResponse } from "../wire/http-message.ts";
import { acceptsTrailers } from "../wire/te.ts";
import { isBodylessStatus, isFinalStatus } from "./bare-answer.ts";
import { discardBody, isBuffered, isLarge, pumpBody, pumpPieces } from "./body-pump.ts";
import type { Exchange } from "./exchange.ts";
import { appendHeader, trailerObject } from "./response-header.ts";

/** Writes it all. Resolves when Node has it or the client is gone; never rejects for reasons of the body's. */
export async function writeHttp1Response(
  exchange: Exchange,
  response: ServerResponse,
  reply: HttpResponse,
  report: (problem: unknown) => void,
): Promise<void> {
  const { body } = reply;
  const httpStatus = finalStatus(reply, report);
  const flat = appendHeader([], reply.header, report);
  const empty = exchange.httpMethod === "HEAD" || isBodylessStatus(httpStatus);
  // The client sends its body only after our go, which will not come: the connection cannot carry another request.
  if (exchange.body.heldBack) response.shouldKeepAlive = false;
  // Trailers need chunks, so they are worth it only to a client that asked for them.
  const trailer = acceptsTrailers(exchange.header) ? reply.trailer : undefined;
  if (isBuffered(body) && (trailer === undefined || empty)) {
    if (!isBodylessStatus(httpStatus)) flat.push("content-length", String(byteLength(body)));
    response.writeHead(httpStatus, flat);
    if (!empty && isLarge(body)) {
      if (await pumpPieces(body, response, exchange)) end(exchange, response, undefined);
    } else {
      end(exchange, response, empty ? undefined : body);
    }
    return;
  }
  response.writeHead(httpStatus, flat);
  if (empty) {
    end(exchange, response, undefined);
    discardBody(body, exchange);
    return;
  }
  if (!isBuffered(body)) response.flushHeaders();
  else if (body !== undefined && body.length > 0 && !isLarge(body)) response.write(body);
  try {
    if (!isBuffered(body) && !(await pumpBody(body, response, exchange))) return;
    if (isLarge(body) && !(await pumpPieces(body, response, exchange))) return;
    if (trailer !== undefined) response.addTrailers(trailerObject(await trailer(), report));
  } catch (error) {
    if (exchange.gone === undefined) report(error);
    cutShort(exchange, response);
    return;
  }
  end(exchange, response, undefined);
}

function finalStatus(reply: HttpResponse, report: (problem: unknown) => void): number {
  if (isFinalStatus(reply.httpStatus)) return reply.httpStatus;
  report(new Error(`a protocol answered with HTTP status ${reply.httpStatus}`));
  return 500;
}

function byteLength(body: BodyPiece | undefined): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}

function end(exchange: Exchange, response: ServerResponse, body: BodyPiece | undefined): void {
  exchange.answered = true;
  if (body === undefined) response.end();
  else response.end(body);
  if (response.writableLength > 0) exchange.waitForRoom(response.writableLength);
}

/** Without a last chunk the client knows that the answer is not whole; HTTP/1.0 has no chunks and needs a reset. */
function cutShort(exchange: Exchange, response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) {
    response.destroy();
  } else if (response.chunkedEncoding) {
    exchange.waitForRoom(response.writableLength);
    socket.destroySoon();
  } else {
    socket.resetAndDestroy();
  }
}
