// A clock that tests move, and a backend that does at each attempt what it was told, and knows what still runs.
import type { Clock } from "../../../src/pipeline/retry/timer.ts";
import type { Call, Handler, Reply, StreamReply, UnaryReply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { bytesOf } from "../../contract/transport.ts";

export interface FakeClock extends Clock {
  /** Lets this much time pass; timers fire in their order, with time between them for what they set off. */
  advance(ms: number): Promise<void>;
  readonly timerCount: number;
}

export function createFakeClock(startMs = 1_000_000): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly onTime: () => void }>();
  return {
    now: () => nowMs,
    startTimer(ms, onTime) {
      const timer = { atMs: nowMs + ms, onTime };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settle();
        const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.onTime();
      }
      nowMs = untilMs;
      await settle();
    },
    get timerCount() {
      return timers.size;
    },
  };
}

/** Until everything that waits for nothing has happened. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const unavailable = (pushback?: string): RpcError => failed(Code.UNAVAILABLE, pushback);

export function failed(code: Code, pushback?: string): RpcError {
  const trailer = new Header(pushback === undefined ? [] : ["grpc-retry-pushback-ms", pushback]);
  return new RpcError(code, "not now", { trailer });
}

/** What the backend does with one attempt. */
export type Act =
  /** Answers with one message. */
  | { readonly reply: string; readonly header?: Header }
  | { readonly fail: RpcError }
  /** Answers with a header, these messages, and then this failure, the end, or nothing more, `deaf` to the signal. */
  | {
      readonly stream: readonly string[];
      readonly header?: Header;
      readonly ending?: RpcError | "silence" | "deaf";
    }
  /** Never answers by itself; ends with the signal. */
  | "hang"
  /** Never answers, whatever the signal says, until `release` is called with a reply. */
  | "deaf";

export interface ScriptedBackend {
  readonly handler: Handler;
  readonly calls: Call[];
  /** Attempts that have neither ended nor been returned. */
  readonly running: () => number;
  /** Answers the deaf attempts. */
  readonly release: (reply: Reply) => void;
}

/** @param script one act for each attempt; the last one again and again */
export function scriptBackend(...script: readonly Act[]): ScriptedBackend {
  const calls: Call[] = [];
  const deaf: ((reply: Reply) => void)[] = [];
  let running = 0;
  const end = (): void => {
    running--;
  };
  const handler: Handler = (call) => {
    const act = script[Math.min(calls.length, script.length - 1)];
    calls.push(call);
    running++;
    if (act === "deaf") return new Promise((resolve) => deaf.push(resolve));
    return perform(act ?? "hang", call, end);
  };
  return {
    handler,
    calls,
    running: () => running,
    release(reply) {
      for (const resolve of deaf.splice(0)) {
        resolve(
          reply.kind === "stream" ? replyStream({ stream: [], ending: "silence" }, undefined, end) : reply,
        );
        if (reply.kind === "unary") end();
      }
    },
  };
}

async function perform(act: Exclude<Act, "deaf">, call: Call, end: () => void): Promise<Reply> {
  if (act === "hang") {
    await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
    end();
    throw call.signal.reason;
  }
  if ("stream" in act) return replyStream(act, call.signal, end);
  end();
  if ("fail" in act) throw act.fail;
  return unaryOf(act.reply, act.header);
}

export function unaryOf(text: string, header = new Header()): UnaryReply {
  return { kind: "unary", header, message: bytesOf(text), trailer: new Header() };
}

type Step = IteratorResult<Uint8Array, undefined>;

function replyStream(
  act: Extract<Act, { readonly stream: unknown }>,
  signal: AbortSignal | undefined,
  end: () => void,
): StreamReply {
  const queue = act.stream.map(bytesOf);
  const trailer = Promise.withResolvers<Header>();
  let ended = false;
  let waiting: PromiseWithResolvers<Step> | undefined;
  const finish = (): void => {
    if (ended) return;
    ended = true;
    end();
    trailer.resolve(Header.of([["x-end", "yes"]]));
  };
  signal?.addEventListener("abort", () => {
    if (ended || act.ending === "deaf") return;
    finish();
    waiting?.reject(signal.reason);
  });
  const messages: AsyncIterableIterator<Uint8Array, undefined> = {
    async next(): Promise<Step> {
      const value = ended ? undefined : queue.shift();
      if (value !== undefined) return { done: false, value };
      if (!ended && (act.ending === "silence" || act.ending === "deaf")) {
        waiting = Promise.withResolvers();
        return waiting.promise;
      }
      const failure = ended ? undefined : act.ending;
      finish();
      if (failure instanceof RpcError) throw failure;
      return { done: true, value: undefined };
    },
    async return(): Promise<Step> {
      finish();
      waiting?.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { kind: "stream", header: act.header ?? new Header(), messages, trailer: trailer.promise };
}
