// multipart/form-data as the body of a call. One message has all parts, within the limit of a body; of a client stream
// each piece of a file is a message, so that a file of any size passes through without being held.
// Source: semantics "Body"; RFC 7578.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { FormPart, RequestParts, Route } from "../../transcode/route.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { defaultMultipartLimits, type MultipartPart, readMultipart } from "../../wire/multipart.ts";
import { PieceList } from "../../wire/piece-list.ts";

type HeadParts = Omit<RequestParts, "body">;

/**
 * The parts of a whole form.
 * @throws RpcError INVALID_ARGUMENT where it is malformed, RESOURCE_EXHAUSTED where it is over a limit
 */
export async function readForm(
  request: HttpRequest,
  contentType: string,
  maxBytes: number,
): Promise<FormPart[]> {
  const announced = Number(request.header.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge("request body", maxBytes);
  const limits = { ...defaultMultipartLimits, totalBytes: maxBytes };
  const parts: FormPart[] = [];
  for await (const part of readMultipart(request.body, contentType, limits)) {
    parts.push(await collect(part, maxBytes));
  }
  return parts;
}

/**
 * The messages of a client stream from a form: the first one has path, query and what comes before the first file; each
 * further piece of a file is a message of that field alone. A form without a file is one message.
 * @throws RpcError as `readForm`; the limit is that of one message
 */
export async function* readFormMessages(
  request: HttpRequest,
  route: Route,
  head: HeadParts,
  maxMessageBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: FormPart[] = [];
  let heldBytes = 0;
  let first = true;
  const bind = (form: readonly FormPart[]): Uint8Array => {
    const message = first ? route.bindForm(form, head) : route.bindForm(form);
    first = false;
    held = [];
    heldBytes = 0;
    return message;
  };
  for await (const part of readMultipart(request.body, head.contentType)) {
    if (!part.file) {
      const text = await collect(part, maxMessageBytes - heldBytes);
      heldBytes += text.bytes.length + text.name.length;
      if (heldBytes > maxMessageBytes) throw tooLarge("a message of the form", maxMessageBytes);
      held.push(text);
      continue;
    }
    const { name, contentType } = part;
    let empty = true;
    for await (const piece of part.pieces) {
      for (let at = 0; at < piece.length; at += maxMessageBytes) {
        empty = false;
        const bytes = piece.subarray(at, at + maxMessageBytes);
        yield bind([...held, { name, contentType, file: true, bytes }]);
      }
    }
    if (empty) yield bind([...held, { name, contentType, file: true, bytes: new Uint8Array(0) }]);
  }
  if (first || held.length > 0) yield bind(held);
}

async function collect(part: MultipartPart, maxBytes: number): Promise<FormPart> {
  const { name, contentType, file } = part;
  const pieces = new PieceList();
  for await (const piece of part.pieces) {
    if (pieces.size + piece.length > maxBytes) throw tooLarge(`form field ${JSON.stringify(name)}`, maxBytes);
    pieces.push(piece);
  }
  return { name, contentType, file, bytes: pieces.take() };
}

function tooLarge(what: string, maxBytes: number): RpcError {
  return new RpcError(Code.RESOURCE_EXHAUSTED, `${what} is larger than the limit of ${maxBytes} bytes`);
}
