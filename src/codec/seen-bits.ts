// Which fields of a message have been seen: bit sets of the messages that are open, stacked in one array, so that a
// message costs no allocation.

export class SeenBits {
  /** Read and written in place: `words[base + word]`, with the base that `open` returned. */
  words = new Int32Array(64);
  #top = 0;

  reset(): void {
    this.#top = 0;
  }

  /** Opens an empty set of `count` words and returns its base. */
  open(count: number): number {
    const base = this.#top;
    const top = base + count;
    if (top > this.words.length) {
      const grown = new Int32Array(Math.max(top, this.words.length * 2));
      grown.set(this.words);
      this.words = grown;
    }
    for (let i = base; i < top; i++) this.words[i] = 0;
    this.#top = top;
    return base;
  }

  close(base: number): void {
    this.#top = base;
  }
}

/** Bits of one word of a set. */
export interface WordBits {
  readonly word: number;
  bits: number;
}

/**
 * For each field, given by the oneof it belongs to: the bits that say that it or another member of its oneof was seen.
 * Members of a oneof share one array, so that a oneof of a thousand members costs a thousand, not a million.
 */
export function exclusiveBits(oneofs: readonly unknown[]): (readonly WordBits[])[] {
  const shared = new Map<unknown, WordBits[]>();
  return oneofs.map((oneof, index) => {
    const own = { word: index >> 5, bits: 1 << (index & 31) };
    if (oneof === undefined) return [own];
    const members = shared.get(oneof) ?? [];
    shared.set(oneof, members);
    const last = members.at(-1);
    if (last?.word === own.word) last.bits |= own.bits;
    else members.push(own);
    return members;
  });
}
