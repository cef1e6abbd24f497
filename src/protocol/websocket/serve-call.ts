// One WebSocket is one call: reads the client's side into it, writes the reply as frames, and closes with its end.
import type { Call, Reply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import type { Header } from "../../rpc/header.ts";
import { logFailure } from "../../rpc/log-failure.ts";
import type { Logger } from "../../rpc/logger.ts";
import { streamsRequests } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { streamOf } from "../../rpc/stream.ts";
import { createCallHead } from "../../wire/call-head.ts";
import type { HttpRequest } from "../../wire/http-message.ts";
import { requestMetadata } from "../../wire/request-metadata.ts";
import type { WebSocketChannel } from "../../wire/websocket-channel.ts";
import { readCallDeadline } from "./call-deadline.ts";
import { mergeHeader } from "./call-header.ts";
import type { MessageForm } from "./client-frame.ts";
import { ClientFrames } from "./client-frames.ts";
import { closeCodeOf } from "./close-code.ts";
import {
  type FormatDetails,
  formatEndFrame,
  formatErrorFrame,
  formatHeaderFrame,
  formatMessageFrame,
} from "./server-frame.ts";
import type { OpenTarget, WebSocketTarget } from "./websocket-target.ts";

export interface ServeContext {
  readonly request: HttpRequest;
  /** `$timeout` of the query, as sent. */
  readonly timeoutText: string | undefined;
  readonly target: WebSocketTarget;
  /** How reply messages are sent. */
  readonly form: MessageForm;
  readonly formatDetails: FormatDetails;
  readonly maxRequestBytes: number;
  readonly logger: Logger;
}

const empty = new Uint8Array(0);

/** Never rejects. */
export async function serveCall(channel: WebSocketChannel, context: ServeContext): Promise<void> {
  const { request, target, form, formatDetails, logger } = context;
  const abort = new AbortController();
  const onGone = (): void => abort.abort(request.signal.reason);
  if (request.signal.aborted) onGone();
  else request.signal.addEventListener("abort", onGone, { once: true });
  let failure: RpcError | undefined;
  const fail = (error: RpcError): void => {
    failure ??= error;
    abort.abort(error);
  };

  try {
    const read = await readCall(channel, context, abort.signal, fail);
    // Nobody has asked for anything.
    if (read === undefined) return channel.close(closeCodeOf(Code.OK), "");
    const reply = await target.method.handler(read.call);
    const trailer = await sendReply(channel, reply, read.open, form);
    if (failure !== undefined) throw failure;
    await channel.send(formatEndFrame(trailer));
    channel.close(closeCodeOf(Code.OK), "");
  } catch (reason) {
    // Where the client is at fault, what the backend made of it is not the answer.
    const error = failure ?? RpcError.from(reason);
    logFailure(logger, target.method.info, error);
    if (error.header.size > 0) await channel.send(formatHeaderFrame(error.header));
    await channel.send(formatErrorFrame(error, formatDetails));
    channel.close(closeCodeOf(error.code), error.rawMessage);
  } finally {
    request.signal.removeEventListener("abort", onGone);
  }
}

interface ReadCall {
  readonly call: Call;
  readonly open: OpenTarget;
}

/** @returns undefined where the client left before it had said what it wants */
async function readCall(
  channel: WebSocketChannel,
  { request, timeoutText, target, maxRequestBytes }: ServeContext,
  signal: AbortSignal,
  fail: (error: RpcError) => void,
): Promise<ReadCall | undefined> {
  const { method, takesMessages } = target;
  const frames = new ClientFrames(channel.frames, maxRequestBytes);
  const entries = takesMessages ? await frames.readHeader() : [];
  if (entries === undefined) return undefined;
  const header = mergeHeader(request.header, entries);
  const deadline = readCallDeadline(header, timeoutText);
  const open = target.open(header);
  const { bind } = open;
  const { scheme, remoteAddress, principal } = request;
  const metadata = requestMetadata({ header, scheme, remoteAddress, principal });
  const head = createCallHead(method.info, { signal, remoteAddress, principal }, metadata, deadline);
  const isStream = streamsRequests(method.info.kind);
  if (isStream && takesMessages) {
    return { call: { ...head, kind: "stream", messages: frames.readMessages(bind, fail) }, open };
  }
  const message = takesMessages ? await frames.readOnly(bind) : bind(empty, "json", true);
  if (message === undefined) return undefined;
  void frames.watch(fail, true);
  if (isStream) return { call: { ...head, kind: "stream", messages: streamOf(message) }, open };
  return { call: { ...head, kind: "unary", message }, open };
}

/** Sends header and messages, each when there is room for it, and returns the trailer. */
async function sendReply(
  channel: WebSocketChannel,
  reply: Reply,
  open: OpenTarget,
  form: MessageForm,
): Promise<Header> {
  const send = (message: Uint8Array): Promise<void> =>
    channel.send(form === "json" ? formatMessageFrame(open.encodeJson(message)) : open.encodeProto(message));
  // At once, and also where it is empty: it says that the call has been taken.
  await channel.send(formatHeaderFrame(reply.header));
  if (reply.kind === "unary") {
    await send(reply.message);
    return reply.trailer;
  }
  for await (const message of reply.messages) await send(message);
  return reply.trailer;
}
