// The exchanges of one listener: how many, and which of them wait for a client that does not move. One timer for all
// of them and a clock that ticks with it, because a timer per request costs more than the request's headers.
import type { ListenerLimits } from "./listener-limits.ts";

/** What can run out of time. */
export interface Expiring {
  readonly expireAtMs: number;
  /** Closes the transport, which ends the exchange. */
  expire(): void;
}

export class ExchangeSet {
  readonly stallMs: number;
  readonly #open = new Set<Expiring>();
  readonly #timer: NodeJS.Timeout;
  readonly #allowedMs: number;
  /** `performance.now()` at the last sweep. */
  #nowMs = performance.now();

  constructor(limits: ListenerLimits) {
    this.stallMs = limits.stallMs;
    // The clock may be one sweep behind, and nobody shall be cut off early.
    this.#allowedMs = limits.stallMs + limits.sweepMs;
    this.#timer = setInterval(() => this.#sweep(), limits.sweepMs).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** When a client that has to move from now on has had its time. */
  dueMs(): number {
    return this.#nowMs + this.#allowedMs;
  }

  add(exchange: Expiring): void {
    this.#open.add(exchange);
  }

  delete(exchange: Expiring): void {
    this.#open.delete(exchange);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    this.#nowMs = performance.now();
    for (const exchange of this.#open) if (exchange.expireAtMs <= this.#nowMs) exchange.expire();
  }
}
