// Pulls a streamed answer into Node's stream at the client's pace. Law of streams (design.md §4): whoever stops early
// returns the iterator, so that the backend call behind it ends.
import type { Writable } from "node:stream";
import type { BodyPiece, HttpResponse } from "../wire/http-message.ts";
import type { Exchange } from "./exchange.ts";

/** What a resting stream holds beside what was written: the window of the backend's, and a message or two. */
const streamBytes = 256 * 1024;

/** Whether a body is there as a whole, or there is none. */
export function isBuffered(body: HttpResponse["body"]): body is BodyPiece | undefined {
  return body === undefined || typeof body === "string" || body instanceof Uint8Array;
}

/** Up to here a body is written in one go. Of a larger one nobody could tell whether its client takes it slowly or not at all. */
const wholeBytes = 256 * 1024;
const pieceBytes = 64 * 1024;

/** Whether a body is there as a whole and so large that it is better written in pieces. */
export function isLarge(body: HttpResponse["body"]): body is BodyPiece {
  return isBuffered(body) && body !== undefined && body.length > wholeBytes;
}

/** Writes a large body at the client's pace; else as `pumpBody`. */
export function pumpPieces(body: BodyPiece, target: Writable, exchange: Exchange): Promise<boolean> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return pumpBody(piecesOf(bytes), target, exchange, bytes.length);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/**
 * Writes all pieces. Resolves true when the body has ended, false when the client went away first; the caller ends
 * the stream.
 * @param sourceBytes what the body itself holds until it has ended
 * @throws whatever the body throws
 */
export async function pumpBody(
  body: AsyncIterable<BodyPiece>,
  target: Writable,
  exchange: Exchange,
  sourceBytes = streamBytes,
): Promise<boolean> {
  const iterator = body[Symbol.asyncIterator]();
  let wake: (() => void) | undefined;
  const proceed = (): void => wake?.();
  target.on("drain", proceed);
  exchange.onGone = () => {
    returnIterator(iterator);
    proceed();
  };
  try {
    for (;;) {
      const step = await iterator.next();
      if (exchange.gone !== undefined) return false;
      if (step.done === true) return true;
      if (step.value.length > 0 && !target.write(step.value)) {
        exchange.waitForRoom(target.writableLength + sourceBytes);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        exchange.roomMade();
        if (exchange.gone !== undefined) return false;
      }
    }
  } finally {
    exchange.onGone = undefined;
    target.off("drain", proceed);
  }
}

/** Lets go of a body that nobody will read. A body that was never begun needs its request's signal too: see below. */
export function discardBody(body: HttpResponse["body"], exchange: Exchange): void {
  if (isBuffered(body)) return;
  // The `finally` of an async generator that was never begun does not run on return(): the signal ends what it holds.
  exchange.cancel("the answer has no body");
  returnIterator(body[Symbol.asyncIterator]());
}

/** Says `return()` and does not care what comes of it. */
function returnIterator(iterator: AsyncIterator<BodyPiece>): void {
  try {
    iterator.return?.().then(undefined, ignore);
  } catch {
    // A hand-written iterator threw at once; there is nobody left to tell.
  }
}

function ignore(): void {}
