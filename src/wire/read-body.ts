// Reads a whole request body within a limit, without copying where it arrives in one piece.
import type { HttpRequest } from "./http-message.ts";
import { PieceList } from "./piece-list.ts";

const empty = new Uint8Array(0);

/**
 * The body, or undefined when it is larger than `maxBytes` (exactly that size passes). A body that Content-Length
 * announces as too large is not read at all.
 *
 * @throws RpcError CANCELLED when the client goes away
 */
export async function readBody(request: HttpRequest, maxBytes: number): Promise<Uint8Array | undefined> {
  if (request.bodyless) return empty;
  if (Number(request.header.get("content-length") ?? 0) > maxBytes) return undefined;
  const pieces = new PieceList();
  for await (const piece of request.body) {
    if (pieces.size + piece.length > maxBytes) return undefined;
    pieces.push(piece);
  }
  return pieces.take();
}
