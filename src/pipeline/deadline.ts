// Ends a call at its deadline, whether or not the backend, or anything between here and there, does so itself. It stands
// outside of everything that waits, so waiting counts.
// Sources: design.md §4 "Streams"; semantics.md: the smallest of the bounds is forwarded *and* enforced; options.proto,
// TimeoutPolicy and StreamLimits.max_duration.
import type { Call, Handler, Interceptor, Reply, StreamReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { createDeadline, type Deadline, maxTimerMs, remainingMs, soonerDeadline } from "../rpc/deadline.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { discardMessages, returnQuietly } from "../rpc/stream.ts";
import type { FlowPolicy } from "./flow-policy.ts";

export interface DeadlineOptions {
  /** The longest a call may take, whatever its client says. Absent = no bound of ours. */
  readonly maxMs?: number | undefined;
  /** How long a call may take whose client does not say; never beyond `maxMs`. Absent = as long as it likes. */
  readonly defaultMs?: number | undefined;
  /** The longest a call may take whose requests or replies are a stream. Absent = `maxMs` alone counts. */
  readonly maxStreamMs?: number | undefined;
  /** The clock, in milliseconds; `performance.now` by default. Deadlines of calls are points of the same clock. */
  readonly now?: () => number;
}

/** What a method's policy and the gateway's bound for all calls make of a call's time. */
export function decideDeadlines(
  { timeout, stream }: Pick<FlowPolicy, "timeout" | "stream">,
  gatewayMaxMs: number | undefined,
): DeadlineOptions {
  return {
    maxMs: smaller(timeout.maxMs, gatewayMaxMs),
    defaultMs: timeout.defaultMs,
    maxStreamMs: stream.maxDurationMs,
  };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

const exceededText = "deadline exceeded";

/**
 * Enforces the soonest of the call's deadline (or `defaultMs`), `maxMs` and, for streams, `maxStreamMs`, with one timer:
 * the rest of the chain sees it as `deadline` and as a signal whose reason is the error. A streamed reply is covered
 * until its end. A call that has no bound passes untouched.
 * @throws RpcError DEADLINE_EXCEEDED when the time is up, before or in the middle of the reply
 */
export function createDeadlineInterceptor(options: DeadlineOptions = {}): Interceptor {
  const { maxMs, defaultMs, maxStreamMs, now = () => performance.now() } = options;
  const streamBoundMs = smaller(maxMs, maxStreamMs);
  // Only where nothing but the bound for streams ends a call does its end need explaining.
  const streamText =
    streamBoundMs === maxMs ? exceededText : `${exceededText}: a stream may last ${streamBoundMs} ms`;
  return (next) => (call) => {
    const streams = call.method.kind !== "unary";
    const boundMs = streams ? streamBoundMs : maxMs;
    if (call.deadline === undefined && boundMs === undefined && defaultMs === undefined) return next(call);
    const nowMs = now();
    const asked = call.deadline ?? (defaultMs === undefined ? undefined : createDeadline(defaultMs, nowMs));
    const bound = boundMs === undefined ? undefined : createDeadline(boundMs, nowMs);
    const deadline = soonerDeadline(asked, bound);
    if (deadline === undefined) return next(call);
    const text = streams && deadline === bound ? streamText : exceededText;
    return invokeWithin({ deadline, text, now }, next, call);
  };
}

interface Bound {
  readonly deadline: Deadline;
  /** What the client is told when it has passed. */
  readonly text: string;
  readonly now: () => number;
}

async function invokeWithin(bound: Bound, next: Handler, call: Call): Promise<Reply> {
  const limit = startLimit(bound, call.signal);
  if (limit.signal.aborted) {
    discardMessages(call);
    throw limit.signal.reason;
  }
  let streaming = false;
  // Closures take this and not `call`: they live as long as the reply, and the request's message should not.
  const { signal } = call;
  try {
    const pending = next({ ...call, deadline: bound.deadline, signal: limit.signal });
    // A reply that comes after all must not go on running with nobody to read it.
    pending.then((late) => limit.signal.aborted && !streaming && discardMessages(late)).catch(() => {});
    const reply = await Promise.race([pending, limit.exceeded]);
    if (reply.kind === "unary") return reply;
    streaming = true;
    return guardStream(reply, limit, (reason) => judge(reason, bound, signal));
  } catch (reason) {
    throw judge(reason, bound, signal);
  } finally {
    if (!streaming) limit.release();
  }
}

/** By how much a backend's timer may be ahead: it was told whole milliseconds, and timers are not exact. */
export const earlyResetMs = 20;

/**
 * The backend has the deadline too, and its timer may be the first to fire: some then reset the call, which reads as
 * CANCELLED. Where the time is as good as up and the client is still there, nobody cancelled.
 */
function judge(reason: unknown, { deadline, text, now }: Bound, signal: AbortSignal): unknown {
  if (!(reason instanceof RpcError) || reason.code !== Code.CANCELLED) return reason;
  if (signal.aborted || remainingMs(deadline, now()) > earlyResetMs) return reason;
  return new RpcError(Code.DEADLINE_EXCEEDED, text, { cause: reason });
}

interface Limit {
  /** Aborted by the deadline or by the call's own signal. */
  readonly signal: AbortSignal;
  /** Rejects with the signal's reason; handled, so that it may be left alone. */
  readonly exceeded: Promise<never>;
  /** Lets go of the timer and of the call's signal. */
  release(): void;
}

function startLimit({ deadline, text, now }: Bound, parent: AbortSignal): Limit {
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
  const onTime = (): void => abort(new RpcError(Code.DEADLINE_EXCEEDED, text));

  const release = (): void => {
    clearTimeout(timer);
    parent.removeEventListener("abort", onParentAbort);
  };

  const leftMs = remainingMs(deadline, now());
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
    returnQuietly(inner);
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
