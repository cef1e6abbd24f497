// How long a call of some scope holds its place, from those that have held one lately: what a wait is guessed by.

/** Share of the newest call in the mean: the last twenty or so count. */
const weight = 0.1;
/** By how much of the distance the quickest call is forgotten with each slower one. */
const forgetting = 0.01;

export class HoldTimes {
  #meanMs: number | undefined;
  #quickMs: number | undefined;

  /** Of every call; undefined before there was one. */
  get meanMs(): number | undefined {
    return this.#meanMs;
  }

  /** What a quick one takes: who has less than this left cannot make it. 0 where nobody knows. */
  get quickMs(): number {
    return this.#quickMs ?? 0;
  }

  /** @param isReply whether it was a unary call that has brought a reply; the others say nothing of how quick one is */
  add(heldMs: number, isReply: boolean): void {
    this.#meanMs = this.#meanMs === undefined ? heldMs : this.#meanMs + weight * (heldMs - this.#meanMs);
    if (!isReply) return;
    const quickMs = this.#quickMs ?? heldMs;
    this.#quickMs = heldMs < quickMs ? heldMs : quickMs + forgetting * (heldMs - quickMs);
  }
}
