// The messages of a reply stream as pieces of a body, each made when it is pulled.
import type { StreamReply } from "../../rpc/call.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ReplyBody, Route } from "../../transcode/route.ts";
import type { BodyPiece } from "../../wire/http-message.ts";
import type { ReplyChoice } from "./reply-choice.ts";
import type { StatusFormat } from "./status-format.ts";

interface PieceContext {
  readonly route: Route;
  readonly choice: ReplyChoice;
  readonly formatStatus: StatusFormat;
  readonly seenCount: number;
  readonly onStreamError: (error: RpcError) => void;
}

/** Messages in the chosen layout. What the stream fails with becomes its last piece, and `onError` is told. */
export async function* jsonPieces(
  reply: StreamReply,
  { route, choice, formatStatus, seenCount }: PieceContext,
  onError: (error: RpcError) => void,
): AsyncIterable<BodyPiece> {
  const { streamFormat, form } = choice;
  if (streamFormat.open !== "") yield streamFormat.open;
  let count = seenCount;
  try {
    for await (const message of reply.messages) {
      const { content } = route.encodeReply(message, form);
      yield streamFormat.item(content.toString(), count);
      count++;
    }
  } catch (reason) {
    const error = RpcError.from(reason);
    onError(error);
    yield streamFormat.error({ bare: formatStatus(error), wrapped: formatStatus.wrapped(error) }, count);
    return;
  }
  if (streamFormat.close !== "") yield streamFormat.close;
}

/** @throws RpcError INTERNAL when it is no such message; the rest of the stream is let go */
export async function encodeFirst(
  message: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  route: Route,
): Promise<ReplyBody> {
  try {
    return route.encodeReply(message);
  } catch (reason) {
    // The answer is an error, so nobody will pull what else the backend has.
    await rest.return?.();
    throw reason;
  }
}

/** The bytes of HttpBody messages. Throws what the stream fails with. */
export async function* rawPieces(
  first: BodyPiece,
  messages: AsyncIterator<Uint8Array>,
  { route, onStreamError }: PieceContext,
): AsyncIterable<BodyPiece> {
  try {
    yield first;
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
      yield route.encodeReply(next.value).content;
    }
  } catch (reason) {
    onStreamError(RpcError.from(reason));
    throw reason;
  } finally {
    await messages.return?.();
  }
}
