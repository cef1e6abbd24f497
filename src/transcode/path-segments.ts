// A raw path cut into segments without copying it: offsets in arrays that are used again for the next path, texts made
// only where a literal is compared. The path is never decoded as a whole, so `%2F` never becomes a segment boundary.
import { normalizeSegment } from "./path-text.ts";

export class PathSegments {
  path = "";
  /** Number of segments: none for `/`, two for `/a/` (the second is empty). */
  count = 0;
  /** Normalized text after the last colon of the last segment, where `cutVerb` took it off; else empty. */
  verb = "";
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #texts: (string | undefined)[] = [];

  /** Reads a raw path; false where it is none (`*` of `OPTIONS *`, or an authority). */
  read(path: string): boolean {
    if (path.charCodeAt(0) !== 0x2f) return false;
    this.path = path;
    this.verb = "";
    let count = 0;
    let start = 1;
    for (;;) {
      const slash = path.indexOf("/", start);
      this.#starts[count] = start;
      this.#ends[count] = slash < 0 ? path.length : slash;
      this.#texts[count] = undefined;
      count += 1;
      if (slash < 0) break;
      start = slash + 1;
    }
    this.count = path.length === 1 ? 0 : count;
    return true;
  }

  /** Takes the verb off the last segment; false, and nothing changed, where there is none. */
  cutVerb(): boolean {
    const last = this.count - 1;
    if (last < 0) return false;
    const start = this.#starts[last] as number;
    const colon = this.path.lastIndexOf(":");
    if (colon < start || colon === this.path.length - 1) return false;
    this.verb = normalizeSegment(this.path.slice(colon + 1));
    this.#ends[last] = colon;
    this.#texts[last] = undefined;
    if (last === 0 && colon === start) this.count = 0;
    return true;
  }

  isEmpty(index: number): boolean {
    return this.#starts[index] === this.#ends[index];
  }

  /** The normalized text of a segment, to be compared with literals. */
  text(index: number): string {
    const known = this.#texts[index];
    if (known !== undefined) return known;
    const text = normalizeSegment(this.path.slice(this.#starts[index], this.#ends[index]));
    this.#texts[index] = text;
    return text;
  }

  /** The raw text of the segments from `start` up to `end`, with the slashes between; empty for no segments. */
  raw(start: number, end: number): string {
    return end <= start ? "" : this.path.slice(this.#starts[start], this.#ends[end - 1]);
  }
}
