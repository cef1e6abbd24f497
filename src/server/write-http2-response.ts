// A response onto Node's ServerHttp2Stream, the core API: the compat objects are two streams more per request.
// Source: RFC 9113 §8.1 (framing, early answers end with RST_STREAM NO_ERROR), §8.2 (fields).
import { constants, type ServerHttp2Stream } from "node:http2";
import type { HttpResponse } from "../wire/http-message.ts";
import { isBodylessStatus, isFinalStatus } from "./bare-answer.ts";
import { discardBody, isBuffered, isLarge, pumpBody, pumpPieces } from "./body-pump.ts";
import type { Exchange } from "./exchange.ts";
import { appendHeader, trailerObject } from "./response-header.ts";

const endStream = { endStream: true };
const withTrailers = { waitForTrailers: true };

/** Writes it all. Resolves when Node has it or the client is gone; never rejects for reasons of the body's. */
export async function writeHttp2Response(
  exchange: Exchange,
  stream: ServerHttp2Stream,
  reply: HttpResponse,
  report: (problem: unknown) => void,
): Promise<void> {
  const { body, trailer } = reply;
  let { httpStatus } = reply;
  if (!isFinalStatus(httpStatus)) {
    report(new Error(`a protocol answered with HTTP status ${httpStatus}`));
    httpStatus = 500;
  }
  const bodyless = isBodylessStatus(httpStatus);
  const flat = appendHeader([":status", String(httpStatus)], reply.header, report);
  if (isBuffered(body) && body !== undefined && !bodyless) {
    flat.push("content-length", String(Buffer.byteLength(body)));
  }
  if (exchange.httpMethod === "HEAD" || bodyless || (body === undefined && trailer === undefined)) {
    exchange.answered = true;
    stream.respond(flat, endStream);
    discardBody(body, exchange);
    closeUnread(exchange, stream);
    return;
  }
  stream.respond(flat, trailer === undefined ? undefined : withTrailers);
  try {
    if (!isBuffered(body) && !(await pumpBody(body, stream, exchange))) return;
    if (isLarge(body) && !(await pumpPieces(body, stream, exchange))) return;
    if (trailer !== undefined) {
      const object = trailerObject(await trailer(), report);
      stream.once("wantTrailers", () => {
        if (stream.closed) return;
        // nghttp2 sends no block beyond 64 KiB; what ends without its trailer would pass for whole.
        stream.once("frameError", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
        stream.sendTrailers(object);
        closeUnread(exchange, stream);
      });
    }
  } catch (error) {
    if (exchange.gone === undefined) report(error);
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  if (stream.closed) return;
  exchange.answered = true;
  if (isBuffered(body) && body !== undefined && !isLarge(body)) stream.end(body);
  else stream.end();
  if (stream.writableLength > 0) exchange.waitForRoom(stream.writableLength);
  if (trailer === undefined) closeUnread(exchange, stream);
}

/** The client may still be sending a body that nobody wants: NO_ERROR asks it to stop, once our answer is out. */
function closeUnread(exchange: Exchange, stream: ServerHttp2Stream): void {
  if (exchange.bodyless || stream.readableEnded) return;
  const close = (): void => {
    // Node keeps a closed stream until what it has received is read.
    exchange.body.discard();
    stream.close(constants.NGHTTP2_NO_ERROR);
  };
  if (stream.writableFinished) setImmediate(close);
  else stream.once("finish", () => setImmediate(close));
}
