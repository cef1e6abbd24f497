// Ends a call at its deadline, whether or not the backend, or anything between here and there, does so itself.
// Source: design.md §4 "Streams"; semantics.md: the smallest of the bounds is forwarded *and* enforced.
import type { Call, Handler, Interceptor, Reply, StreamReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { createDeadline, type Deadline, remainingMs, soonerDeadline } from "../rpc/deadline.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";

export interface DeadlineOptions {
  /** The longest a call may take, whatever its client says. Absent = no bound of ours. */
  readonly maxMs?: number;
}

/** Beyond this a timer of Node's fires at once. Nearly 25 days. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Enforces the sooner of the call's deadline and `maxMs`: the rest of the chain sees it as `deadline` and as a signal
 * whose reason is the error. A streamed reply is covered until its end. A call that has neither bound passes untouched.
 * @throws RpcError DEADLINE_EXCEEDED when the time is up, before or in the middle of the reply
 */
export function createDeadlineInterceptor(options: DeadlineOptions = {}): Interceptor {
  const { maxMs } = options;
  return (next) => (call) => {
    const bound = maxMs === undefined ? undefined : createDeadline(maxMs);
    const deadline = soonerDeadline(call.deadline, bound);
    return deadline === undefined ? next(call) : invokeWithin(deadline, next, call);
  };
}

async function invokeWithin(deadline: Deadline, next: Handler, call: Call): Promise<Reply> {
  const limit = startLimit(deadline, call.signal);
  if (limit.signal.aborted) {
    if (call.kind === "stream") void returnQuietly(call.messages[Symbol.asyncIterator]());
    throw limit.signal.reason;
  }
  let streaming = false;
  // Closures take this and not `call`: they live as long as the reply, and the request's message should not.
  const { signal } = call;
  try {
    const pending = next({ ...call, deadline, signal: limit.signal });
    // A reply that comes after all must not go on running with nobody to read it.
    pending.then((late) => limit.signal.aborted && !streaming && discard(late)).catch(() => {});
    const reply = await Promise.race([pending, limit.exceeded]);
    if (reply.kind === "unary") return reply;
    streaming = true;
    return guardStream(reply, limit, (reason) => judge(reason, deadline, signal));
  } catch (reason) {
    throw judge(reason, deadline, signal);
  } finally {
    if (!streaming) limit.release();
  }
}

/** By how much a backend's timer may be ahead: it was told whole milliseconds, and timers are not exact. */
const earlyResetMs = 20;

/**
 * The backend has the deadline too, and its timer may be the first to fire: some then reset the call, which reads as
 * CANCELLED. Where the time is as good as up and the client is still there, nobody cancelled.
 */
function judge(reason: unknown, deadline: Deadline, signal: AbortSignal): unknown {
  if (!(reason instanceof RpcError) || reason.code !== Code.CANCELLED) return reason;
  if (signal.aborted || remainingMs(deadline) > earlyResetMs) return reason;
  return new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded", { cause: reason });
}

interface Limit {
  /** Aborted by the deadline or by the call's own signal. */
  readonly signal: AbortSignal;
  /** Rejects with the signal's reason; handled, so that it may be left alone. */
  readonly exceeded: Promise<never>;
  /** Lets go of the timer and of the call's signal. */
  release(): void;
}

function startLimit(deadline: Deadline, parent: AbortSignal): Limit {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const exceeded = Promise.withResolvers<never>();
  exceeded.promise.catch(() => {});
  const abort = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    release();
    controller.abort(reason);
    exceeded.reject(reason);
  };
  const onParentAbort = (): void => abort(parent.reason);
  const onTime = (): void => abort(new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded"));

  const release = (): void => {
    clearTimeout(timer);
    parent.removeEventListener("abort", onParentAbort);
  };

  const leftMs = remainingMs(deadline);
  if (parent.aborted) onParentAbort();
  else if (leftMs <= 0) onTime();
  else {
    timer = setTimeout(onTime, Math.min(leftMs, maxTimerMs));
    parent.addEventListener("abort", onParentAbort);
  }
  return { signal: controller.signal, exceeded: exceeded.promise, release };
}

/** The reply, whose messages end by the limit's error even where their producer does not hear of it. */
function guardStream(reply: StreamReply, limit: Limit, judged: (reason: unknown) => unknown): StreamReply {
  const inner = reply.messages[Symbol.asyncIterator]();
  let ended = false;
  let failure: { readonly reason: unknown } | undefined;
  let rejectWaiting: ((reason: unknown) => void) | undefined;
  const end = (): void => {
    ended = true;
    rejectWaiting = undefined;
    limit.release();
  };
  limit.exceeded.catch((reason) => {
    if (ended) return;
    const reject = rejectWaiting;
    end();
    if (reject) reject(reason);
    else failure = { reason };
    void returnQuietly(inner);
  });
  type Step = IteratorResult<Uint8Array, undefined>;
  const messages: AsyncIterableIterator<Uint8Array, undefined> = {
    next(): Promise<Step> {
      const failed = failure;
      failure = undefined;
      if (failed) return Promise.reject(failed.reason);
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise<Step>((resolve, reject) => {
        rejectWaiting = reject;
        inner.next().then(
          (step) => {
            rejectWaiting = undefined;
            if (step.done) end();
            resolve(step);
          },
          (reason) => {
            if (!ended) end();
            reject(judged(reason));
          },
        );
      });
    },
    async return(): Promise<Step> {
      failure = undefined;
      end();
      await inner.return?.();
      return { done: true, value: undefined };
    },
    async throw(reason: unknown): Promise<Step> {
      await this.return?.();
      throw reason;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const trailer = Promise.race([reply.trailer, limit.exceeded]).catch(() => new Header());
  return { kind: "stream", header: reply.header, messages, trailer };
}

function discard(reply: Reply): void {
  if (reply.kind === "stream") void returnQuietly(reply.messages[Symbol.asyncIterator]());
}

async function returnQuietly(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The call has its outcome already.
  }
}
