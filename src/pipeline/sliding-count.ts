// How often something happened lately: a window that moves in ten steps, exact in each of them.

const slotCount = 10;

export class SlidingCount {
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #slots = new Uint32Array(slotCount);
  #total = 0;
  /** Number of the newest slot, counted from the clock's zero. */
  #slot = 0;

  /** @param now milliseconds on a clock that does not step */
  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  add(): void {
    const index = this.#advance();
    this.#slots[index] = (this.#slots[index] ?? 0) + 1;
    this.#total++;
  }

  /** In the window that ends now: nine tenths of it, and what has passed of the last. */
  total(): number {
    this.#advance();
    return this.#total;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#total = 0;
  }

  /** Forgets the slots that have left the window; the index of the newest. */
  #advance(): number {
    const slot = Math.floor((this.#now() * slotCount) / this.#windowMs);
    const passed = slot - this.#slot;
    if (passed >= slotCount) this.clear();
    else {
      for (let i = 1; i <= passed; i++) {
        const index = (this.#slot + i) % slotCount;
        this.#total -= this.#slots[index] ?? 0;
        this.#slots[index] = 0;
      }
    }
    if (passed > 0) this.#slot = slot;
    return this.#slot % slotCount;
  }
}
