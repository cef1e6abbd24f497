// The exchanges of one listener: how many, and which of them wait for a client that does not move; and the idle
// connections beside them. One timer for all and a clock that ticks with it, because a timer per request adds up.
import type { ListenerLimits } from "./listener-limits.ts";

/** What can run out of time: an exchange, an idle connection. */
export interface Expiring {
  readonly expireAtMs: number;
  /** Closes the transport. */
  expire(): void;
}

/** An answer that waits for its client to take some of it. */
export interface Resting {
  /** Ends it, as more is held than the listener may. */
  giveUp(): void;
}

interface Rest {
  readonly sinceMs: number;
  readonly bytes: number;
}

export class ExchangeSet {
  readonly stallMs: number;
  readonly #open = new Set<Expiring>();
  readonly #watched = new Set<Expiring>();
  /** In the order in which they came to rest. */
  readonly #resting = new Map<Resting, Rest>();
  readonly #limits: ListenerLimits;
  #heldBytes = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #allowedMs: number;
  /** `performance.now()` at the last sweep. */
  #nowMs = performance.now();

  constructor(limits: ListenerLimits) {
    this.stallMs = limits.stallMs;
    this.#limits = limits;
    // The clock may be one sweep behind, and nobody shall be cut off early.
    this.#allowedMs = limits.stallMs + limits.sweepMs;
    this.#timer = setInterval(() => this.#sweep(), limits.sweepMs).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** `performance.now()`, behind by as much as one sweep. */
  get nowMs(): number {
    return this.#nowMs;
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

  /** Lets something expire that is no exchange. */
  watch(connection: Expiring): void {
    this.#watched.add(connection);
  }

  unwatch(connection: Expiring): void {
    this.#watched.delete(connection);
  }

  /** What resting answers hold, as far as it is known. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The answer rests, from now on, and so many bytes of it are held. */
  hold(resting: Resting, bytes: number): void {
    this.release(resting);
    this.#resting.set(resting, { sinceMs: performance.now(), bytes });
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.#limits.maxBufferedBytes) this.#relieve();
  }

  /** It moves again, or is over. */
  release(resting: Resting): void {
    const rest = this.#resting.get(resting);
    if (rest === undefined) return;
    this.#resting.delete(resting);
    this.#heldBytes -= rest.bytes;
  }

  /** Gives up those that have rested longest, as many as it takes. */
  #relieve(): void {
    const beforeMs = performance.now() - this.#limits.leastStallMs;
    for (const [resting, { sinceMs }] of this.#resting) {
      if (this.#heldBytes <= this.#limits.maxBufferedBytes || sinceMs > beforeMs) return;
      this.release(resting);
      resting.giveUp();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    this.#nowMs = performance.now();
    for (const set of [this.#open, this.#watched]) {
      for (const expiring of set) if (expiring.expireAtMs <= this.#nowMs) expiring.expire();
    }
    if (this.#heldBytes > this.#limits.maxBufferedBytes) this.#relieve();
  }
}
