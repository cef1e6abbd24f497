// Reads a whole request body within a limit, without copying where it arrives in one piece.
import type { HttpRequest } from "./http-message.ts";

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
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body) {
    size += piece.length;
    if (size > maxBytes) return undefined;
    pieces.push(piece);
  }
  const [first] = pieces;
  if (first === undefined) return empty;
  return pieces.length === 1 ? first : Buffer.concat(pieces, size);
}
