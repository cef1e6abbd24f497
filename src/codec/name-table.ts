// Finds what a name stands for by the bytes of the name, so that keys and enum names of JSON text need not become
// strings. A plain hash table: names come from descriptors, which are untrusted, and are data here, never code.

interface Slot<T> {
  readonly name: Uint8Array;
  readonly value: T;
}

export class NameTable<T> {
  readonly #mask: number;
  readonly #buckets: (Slot<T>[] | undefined)[];

  constructor(entries: ReadonlyMap<string, T>) {
    let size = 8;
    while (size < entries.size * 2) size *= 2;
    this.#mask = size - 1;
    this.#buckets = new Array(size).fill(undefined);
    const textEncoder = new TextEncoder();
    for (const [text, value] of entries) {
      const name = textEncoder.encode(text);
      const at = hashBytes(name, 0, name.length) & this.#mask;
      const bucket = this.#buckets[at];
      if (bucket === undefined) this.#buckets[at] = [{ name, value }];
      else bucket.push({ name, value });
    }
  }

  /** The value of the name `bytes[start..end)`. */
  get(bytes: Uint8Array, start: number, end: number): T | undefined {
    const bucket = this.#buckets[hashBytes(bytes, start, end) & this.#mask];
    if (bucket === undefined) return undefined;
    for (let i = 0; i < bucket.length; i++) {
      const slot = bucket[i] as Slot<T>;
      if (slot.name.length === end - start && startsWith(bytes, start, slot.name)) return slot.value;
    }
    return undefined;
  }
}

/** Whether `bytes` continues with `expected` at `start`. Reading beyond the end compares as different. */
export function startsWith(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

/** FNV-1a. A long name is judged by its length and first bytes: keys that long are values of a map, not names. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  const stop = end - start > 64 ? start + 64 : end;
  for (let i = start; i < stop; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
