// One attempt of a call that may have several, one after the other or side by side: it has a signal and a time of its
// own, and can be abandoned at any moment; a reply that comes afterwards is returned, so that nothing goes on running.
// Source: gRFC A6; design.md §4 "Streams".
import type { Call, Handler, Reply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { soonerDeadline } from "../../rpc/deadline.ts";
import type { Header } from "../../rpc/header.ts";
import { abortReason, RpcError } from "../../rpc/rpc-error.ts";
import { discardMessages } from "../../rpc/stream.ts";
import { earlyResetMs } from "../deadline.ts";
import type { Clock } from "./timer.ts";

export interface AttemptOptions {
  /** Attempts of the same call that were started before. */
  readonly previousCount: number;
  /** How long it may take: a unary reply to its end, a stream until `commit`, or else until its end by the call's deadline. */
  readonly perTryMs: number | undefined;
  readonly clock: Clock;
}

export interface Attempt {
  /** The reply of the handler; rejects also when the attempt is abandoned, its time is up, or the call is aborted. */
  readonly reply: Promise<Reply>;
  /** Rejects when the attempt is abandoned, its time is up, or the call is aborted. Handled, so that it may be left alone. */
  readonly ended: Promise<never>;
  /** The attempt is the one: from now on only the call's own deadline bounds it. */
  commit(): void;
  /** Ends it for this reason. Does nothing where it has ended. */
  abandon(reason: RpcError): void;
  /** Whether it failed because the time of the attempt was up while that of the call was not. */
  expired(reason: unknown): boolean;
}

export function startAttempt(next: Handler, call: Call, options: AttemptOptions): Attempt {
  const { perTryMs, clock } = options;
  const { signal: parent, deadline } = call;
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  let cancelTimer: (() => void) | undefined;

  const release = (): void => {
    cancelTimer?.();
    parent.removeEventListener("abort", onParentAbort);
  };
  const abort = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    release();
    controller.abort(reason);
    ended.reject(reason);
  };
  const onParentAbort = (): void => abort(abortReason(parent));
  const onTime = (): void =>
    abort(new RpcError(Code.DEADLINE_EXCEEDED, `no answer within ${perTryMs} ms, the time of one attempt`));

  const endMs = perTryMs === undefined ? undefined : clock.now() + perTryMs;
  if (parent.aborted) onParentAbort();
  else {
    parent.addEventListener("abort", onParentAbort);
    if (perTryMs !== undefined) cancelTimer = clock.startTimer(perTryMs, onTime);
  }

  // No closure takes `call`: they live as long as the reply, and the request's message should not.
  const attemptSignal = controller.signal;
  const reply = attemptSignal.aborted
    ? ended.promise
    : takeReply(next, attemptCall(call, options.previousCount, attemptSignal, endMs), ended.promise);
  reply.then((answered) => {
    if (answered.kind === "unary") release();
    // The trailer is there when the messages have ended, however they did.
    else void answered.trailer.then(release, release);
  }, release);

  return {
    reply,
    ended: ended.promise,
    commit: () => cancelTimer?.(),
    abandon: abort,
    expired(reason) {
      if (endMs === undefined || parent.aborted || (deadline && deadline.atMs <= endMs)) return false;
      if (!(reason instanceof RpcError) || endMs - clock.now() > earlyResetMs) return false;
      return reason.code === Code.DEADLINE_EXCEEDED || reason.code === Code.CANCELLED;
    },
  };
}

/** The reply, or the end of the attempt where that comes first. */
async function takeReply(next: Handler, call: Call, ended: Promise<never>): Promise<Reply> {
  const { signal } = call;
  const pending = next(call);
  pending.then((late) => signal.aborted && discardMessages(late)).catch(() => {});
  const reply = await Promise.race([pending, ended]);
  if (!signal.aborted) return reply;
  // Both in one moment.
  discardMessages(reply);
  throw signal.reason;
}

/** A stream is not told of `endMs`: it has all of the call's time once its first message has come. */
function attemptCall(
  call: Call,
  previousCount: number,
  signal: AbortSignal,
  endMs: number | undefined,
): Call {
  const header = previousCount === 0 ? call.header : withPreviousAttempts(call.header, previousCount);
  const own = endMs === undefined || call.method.kind !== "unary" ? undefined : { atMs: endMs };
  const deadline = soonerDeadline(call.deadline, own);
  return { ...call, header, signal, ...(deadline && { deadline }) };
}

const previousName = "grpc-previous-rpc-attempts";

/** The header of a retried attempt: its client's own retries are counted with ours. */
export function withPreviousAttempts(header: Header, count: number): Header {
  const said = header.get(previousName);
  const before = said !== undefined && /^\d{1,6}$/.test(said) ? Number(said) : 0;
  const changed = header.clone();
  changed.set(previousName, String(before + count));
  return changed;
}
