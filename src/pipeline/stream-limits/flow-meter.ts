// Decides on every message of one direction of one stream: it may pass, it may pass later, or the call is over.
// Source: protos/protogate/v1/options.proto, StreamLimits.Direction. The rates are token buckets that hold one second,
// kept as GCRA does: one number each, the time at which the bucket is full again.
import { Code } from "../../rpc/code.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import type { DirectionLimits } from "../flow-policy.ts";
import { refuse } from "../refusal.ts";

/** What a meter calls messages in its refusals. */
export type Side = "request" | "reply";

/** How much a bucket holds: a second of its rate. */
const burstMs = 1000;

/** A microsecond. Sums of `1000 / rate` are not exact, and the last message of a burst must not wait for that. */
const toleranceMs = 1e-3;

export class FlowMeter {
  readonly #limits: DirectionLimits;
  readonly #side: Side;
  #messageCount = 0;
  #totalBytes = 0;
  /** When the buckets are full again. */
  #messagesFullMs = Number.NEGATIVE_INFINITY;
  #bytesFullMs = Number.NEGATIVE_INFINITY;

  constructor(limits: DirectionLimits, side: Side) {
    this.#limits = limits;
    this.#side = side;
  }

  /**
   * Counts a message and says when it may pass: at `nowMs` or before means at once. It is counted as having passed
   * then, so the next message is not to be asked about before. One of more bytes than a second allows passes from a full
   * bucket and leaves a debt.
   * @returns RpcError RESOURCE_EXHAUSTED where it may not pass at all
   */
  take(bytes: number, nowMs: number): number | RpcError {
    const { maxMessages, maxTotalBytes, excess } = this.#limits;
    this.#messageCount++;
    this.#totalBytes += bytes;
    if (maxMessages !== undefined && this.#messageCount > maxMessages) {
      return this.#end(`the stream has more ${this.#side} messages than its limit of ${maxMessages}`);
    }
    if (maxTotalBytes !== undefined && this.#totalBytes > maxTotalBytes) {
      const has = `${this.#totalBytes} bytes of ${this.#side} messages`;
      return this.#end(`the stream has ${has}, more than its limit of ${maxTotalBytes}`);
    }
    const bytesMs = this.#bytesMs(bytes);
    const messagesAtMs = readyMs(this.#messagesFullMs, this.#messageMs, nowMs);
    const bytesAtMs = readyMs(this.#bytesFullMs, bytesMs, nowMs);
    const atMs = Math.max(messagesAtMs, bytesAtMs);
    if (excess === "refuse") {
      if (messagesAtMs > nowMs) return this.#refuse(`${this.#limits.messagesPerSecond} per second`);
      // What is larger than the bucket never fits.
      if (bytesAtMs > nowMs || bytesMs > burstMs + toleranceMs) {
        return this.#refuse(`${this.#limits.bytesPerSecond} bytes per second`);
      }
    }
    this.#messagesFullMs = Math.max(this.#messagesFullMs, atMs) + this.#messageMs;
    this.#bytesFullMs = Math.max(this.#bytesFullMs, atMs) + bytesMs;
    return atMs;
  }

  /** A message that had to wait has passed. Timers are late, and a second that has it should count it. */
  pass(bytes: number, nowMs: number): void {
    this.#messagesFullMs = Math.max(this.#messagesFullMs, nowMs + this.#messageMs);
    this.#bytesFullMs = Math.max(this.#bytesFullMs, nowMs + this.#bytesMs(bytes));
  }

  /** What a message costs, as the time in which a bucket gains it; 0 where there is no limit. */
  get #messageMs(): number {
    const { messagesPerSecond } = this.#limits;
    return messagesPerSecond === undefined ? 0 : burstMs / messagesPerSecond;
  }

  #bytesMs(bytes: number): number {
    const { bytesPerSecond } = this.#limits;
    return bytesPerSecond === undefined ? 0 : (bytes * burstMs) / bytesPerSecond;
  }

  /** The same stream would always be refused. */
  #end(message: string): RpcError {
    return refuse(Code.RESOURCE_EXHAUSTED, message, {
      retryAfterMs: Number.POSITIVE_INFINITY,
      violations: [{ subject: `${this.#side} stream`, description: message }],
    });
  }

  /** A stream that is sent more slowly would pass, at any time. */
  #refuse(rate: string): RpcError {
    const message = `${this.#side} messages beyond the limit of ${rate}`;
    const violations = [{ subject: `${this.#side} stream`, description: message }];
    return refuse(Code.RESOURCE_EXHAUSTED, message, { violations });
  }
}

/** When a bucket that is full at `fullMs` has what fills up in `costMs`; of more than it holds, when it is full. */
function readyMs(fullMs: number, costMs: number, nowMs: number): number {
  const atMs = fullMs - Math.max(0, burstMs - costMs);
  return atMs <= nowMs + toleranceMs ? nowMs : atMs;
}
