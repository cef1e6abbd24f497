// One call on a grpc-js channel: sends what the call carries, hands over what comes back, and lets go of everything
// when it ends. It uses the channel's calls directly: grpc-js's client surface adds a Node stream per call, a stack
// trace per call, and waits for ever for the end of a unary call that was answered twice.
import type { ChannelInterface } from "@grpc/grpc-js";
import type { Call } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { type Deadline, remainingMs } from "../rpc/deadline.ts";
import type { Header } from "../rpc/header.ts";
import { type MethodInfo, streamsReplies } from "../rpc/method.ts";
import { abortReason, RpcError } from "../rpc/rpc-error.ts";
import { foreignTypeOf, headerFromMetadata, metadataFromHeader } from "./grpc-js-metadata.ts";
import { errorOfForeignReply, rpcErrorFromStatus } from "./grpc-js-status.ts";
import { hasPartialMessage, innermostCall } from "./innermost-call.ts";
import { holdStatus, type LateStatus } from "./late-status.ts";
import { pumpRequests } from "./request-pump.ts";

/** What the calls of one transport share. */
export interface CallSetting {
  readonly channel: ChannelInterface;
  /** The target in words. */
  readonly target: string;
  /** Header of every call; replaces what the call says of the same names. */
  readonly header: Header | undefined;
  /** Called once per call, when it has ended, before its caller knows; `error` is absent where it ended well. */
  readonly onEnd: (method: MethodInfo, error: RpcError | undefined) => void;
  /** Called with grpc-js's call when the header of its reply has come. */
  readonly onAnswered: (call: unknown) => void;
  /** Called where a call failed because there is no connection, with grpc-js's text. */
  readonly onUnreachable: (details: string) => void;
}

/** What comes back. Messages come one for each `read`. */
export interface ReplyListener {
  onHeader(header: Header): void;
  onMessage(message: Uint8Array): void;
  /** Called once, last. `error` is absent where the call ended well. */
  onEnd(error: RpcError | undefined, trailer: Header): void;
}

export interface OpenCall {
  /** Asks for the next message. The first one was asked for when the call was opened. */
  read(): void;
  /** Ends the call; it fails with the reason, and the backend sees it cancelled. */
  abort(reason: RpcError): void;
}

/** 2^31 ms is beyond what timers count to, and grpc-js throws for what its header cannot say: that is no deadline. */
const maxTimeoutMs = 2 ** 31 - 1;

/** Opens a call and sends its requests. The listener is never called before this returns. */
export function openCall(setting: CallSetting, call: Call, listener: ReplyListener): OpenCall {
  const { method, signal, deadline } = call;
  const raw = setting.channel.createCall(method.path, deadlineDate(deadline), null, null, undefined);
  const streamed = streamsReplies(method.kind);
  let header: Header | undefined;
  let foreignType: string | undefined;
  let lateStatus: (() => LateStatus | undefined) | undefined;
  let failure: RpcError | undefined;
  let stopRequests: (() => void) | undefined;

  const abort = (reason: RpcError): void => {
    failure ??= reason;
    raw.cancelWithStatus(Code.CANCELLED, "cancelled by the gateway");
  };
  const onAbort = (): void => abort(abortReason(signal));
  signal.addEventListener("abort", onAbort);

  raw.start(metadataFromHeader(call.header, setting.header), {
    onReceiveMetadata(metadata) {
      setting.onAnswered(raw);
      foreignType = foreignTypeOf(metadata);
      // Not the header of a reply but that of somebody's error page: the end of the call says what it was.
      if (foreignType !== undefined) return;
      header = headerFromMetadata(metadata);
      if (streamed) lateStatus = holdStatus(raw);
      listener.onHeader(header);
    },
    onReceiveMessage(message: Buffer | null) {
      if (foreignType !== undefined) raw.startRead();
      else if (message) {
        listener.onMessage(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
      }
    },
    onReceiveStatus(status) {
      signal.removeEventListener("abort", onAbort);
      stopRequests?.();
      const late = lateStatus?.();
      const { target } = setting;
      const error =
        failure ??
        (foreignType === undefined ? undefined : errorOfForeignReply(status, foreignType)) ??
        rpcErrorFromStatus({ status, late, header, target }) ??
        (streamed ? errorOfPartialMessage(raw) : undefined);
      if (error?.code === Code.UNAVAILABLE) setting.onUnreachable(status.details);
      setting.onEnd(method, error);
      listener.onEnd(error, error ? error.trailer : headerFromMetadata(status.metadata));
    },
  });
  raw.startRead();
  if (call.kind === "unary") {
    raw.sendMessageWithContext({}, asBuffer(call.message));
    raw.halfClose();
  } else {
    stopRequests = pumpRequests(call.messages, {
      send: (message, taken) => raw.sendMessageWithContext({ callback: taken }, asBuffer(message)),
      halfClose: () => raw.halfClose(),
      fail: abort,
    });
  }
  return { read: () => raw.startRead(), abort };
}

/** The error of a call that is not to be sent at all. */
export function refusalOf(call: Call, closed: boolean): RpcError | undefined {
  if (call.signal.aborted) return abortReason(call.signal);
  return closed ? new RpcError(Code.UNAVAILABLE, "the gateway has let go of this backend") : undefined;
}

/** A stream that breaks off in the middle of a message and still says OK has lost something. */
function errorOfPartialMessage(raw: unknown): RpcError | undefined {
  if (!hasPartialMessage(innermostCall(raw))) return undefined;
  return new RpcError(Code.INTERNAL, "the backend's reply ends in the middle of a message");
}

/** grpc-js counts deadlines on the wall clock. */
function deadlineDate(deadline: Deadline | undefined): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  const leftMs = remainingMs(deadline);
  return leftMs > maxTimeoutMs ? Number.POSITIVE_INFINITY : Date.now() + leftMs;
}

function asBuffer(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}
