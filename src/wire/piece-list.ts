// Pieces of a body or a value until it is whole. A peer may send it byte by byte, and a small Buffer costs a hundred
// times what it holds: pieces are therefore joined in batches, so that each byte is copied twice at most.

const batchCount = 256;

export class PieceList {
  #batches: Uint8Array[] = [];
  #recent: Uint8Array[] = [];
  #size = 0;

  /** Bytes held. */
  get size(): number {
    return this.#size;
  }

  push(piece: Uint8Array): void {
    this.#size += piece.length;
    this.#recent.push(piece);
    if (this.#recent.length === batchCount) {
      this.#batches.push(Buffer.concat(this.#recent));
      this.#recent = [];
    }
  }

  /** All bytes as one array, not copied where they came in one piece; the list is empty afterwards. */
  take(): Uint8Array {
    const [first] = this.#recent;
    const whole =
      this.#batches.length === 0 && this.#recent.length === 1 && first !== undefined
        ? first
        : Buffer.concat([...this.#batches, ...this.#recent], this.#size);
    this.#batches = [];
    this.#recent = [];
    this.#size = 0;
    return whole;
  }
}
