// Who waits, in the order in which they get their turn: the most critical first, and of those the one that came first.
// Adding, leaving and taking are O(1): thousands may give up at once.
import type { Criticality } from "./criticality.ts";

export interface Waiting<T> {
  readonly value: T;
  readonly criticality: Criticality;
}

interface Node<T> extends Waiting<T> {
  before: Node<T> | undefined;
  after: Node<T> | undefined;
  queued: boolean;
}

interface Row<T> {
  first: Node<T> | undefined;
  last: Node<T> | undefined;
  size: number;
}

const levels: readonly Criticality[] = [0, 1, 2, 3, 4];

/** Knows no bound; who adds asks `size` first. */
export class WaitQueue<T> {
  /** Made when somebody waits: most queues stay empty. */
  #rows: readonly Row<T>[] | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(value: T, criticality: Criticality): Waiting<T> {
    const row = this.#row(criticality);
    const node: Node<T> = { value, criticality, before: row.last, after: undefined, queued: true };
    if (row.last === undefined) row.first = node;
    else row.last.after = node;
    row.last = node;
    row.size++;
    this.#size++;
    return node;
  }

  /** Whose turn it is. */
  first(): Waiting<T> | undefined {
    if (this.#size === 0) return undefined;
    for (let level = levels.length - 1; level >= 0; level--) {
      const { first } = this.#row(level);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** Who goes when somebody of this criticality comes and all is full: of the least critical the one that came last. */
  displacedBy(criticality: Criticality): Waiting<T> | undefined {
    if (this.#size === 0) return undefined;
    for (let level = 0; level < criticality; level++) {
      const { last } = this.#row(level);
      if (last !== undefined) return last;
    }
    return undefined;
  }

  /** How many get their turn before somebody of this criticality who comes now. */
  ahead(criticality: Criticality): number {
    if (this.#size === 0) return 0;
    let count = 0;
    for (let level: number = criticality; level < levels.length; level++) count += this.#row(level).size;
    return count;
  }

  /** Does nothing where it has left already. */
  remove(waiting: Waiting<T>): void {
    const node = waiting as Node<T>;
    if (!node.queued) return;
    node.queued = false;
    const row = this.#row(node.criticality);
    if (node.before === undefined) row.first = node.after;
    else node.before.after = node.after;
    if (node.after === undefined) row.last = node.before;
    else node.after.before = node.before;
    // Who keeps one that has left must not keep its neighbours.
    node.before = undefined;
    node.after = undefined;
    row.size--;
    this.#size--;
  }

  #row(level: number): Row<T> {
    this.#rows ??= levels.map(() => ({ first: undefined, last: undefined, size: 0 }));
    return this.#rows[level] as Row<T>;
  }
}
