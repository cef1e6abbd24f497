// Header and trailer metadata of a call: an ordered multimap of lower-case names to text.
// Source: gRPC over HTTP/2, "Custom-Metadata"; binary values (`-bin`) are kept as their base64 text.

/**
 * Names are lower case, values are what goes on the wire (base64 text for `-bin` names, unpadded).
 * Duplicates keep their order. Stored flat (`name, value, name, value …`), which is how HTTP stacks hand headers
 * over and want them back: reading and writing a header allocates nothing per entry.
 */
export class Header {
  readonly #flat: string[];
  #own: string[] | undefined;

  /** @param flat name, value, name, value …; names must be lower case already. The array is owned by the header. */
  constructor(flat: string[] = []) {
    this.#flat = flat;
  }

  /** Builds a header from pairs; names are lower-cased. */
  static of(pairs: Iterable<readonly [string, string]>): Header {
    const header = new Header();
    for (const [name, value] of pairs) header.append(name.toLowerCase(), value);
    return header;
  }

  /** Number of entries, duplicates counted. */
  get size(): number {
    return this.#flat.length / 2;
  }

  /** The flat list itself, to be read only. */
  get flat(): readonly string[] {
    return this.#flat;
  }

  /** The first value of a name. */
  get(name: string): string | undefined {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1];
    return undefined;
  }

  /** All values of a name, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (const [key, value] of this) if (key === name) values.push(value);
    return values;
  }

  /** The values of every name, in order. */
  groups(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const [name, value] of this) {
      const values = groups.get(name);
      if (values === undefined) groups.set(name, [value]);
      else values.push(value);
    }
    return groups;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  append(name: string, value: string): void {
    this.#flat.push(name, value);
  }

  /** Appends what the gateway itself says in the header of a reply or an error: no metadata of the backend's. */
  appendOwn(name: string, value: string): void {
    this.append(name, value);
    this.#own ??= [];
    this.#own.push(name);
  }

  /** Whether the gateway says that name. HTTP has it bare, also where a profile has metadata under a prefix. */
  isOwn(name: string): boolean {
    return this.#own?.includes(name) === true;
  }

  /** Replaces every value of the name by one. */
  set(name: string, value: string): void {
    this.delete(name);
    this.append(name, value);
  }

  delete(name: string): void {
    const flat = this.#flat;
    let kept = 0;
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] === name) continue;
      flat[kept] = flat[i] as string;
      flat[kept + 1] = flat[i + 1] as string;
      kept += 2;
    }
    flat.length = kept;
  }

  clone(): Header {
    const clone = new Header(this.#flat.slice());
    clone.#own = this.#own?.slice();
    return clone;
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string];
  }
}
