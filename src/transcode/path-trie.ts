// Templates in a trie of segments, searched from the most specific: a literal before `*` before `**`, from the left,
// with backtracking. The depth of a node is the index of its segment, so one search enters a node at most once however
// the templates overlap: its work is bounded by the size of the table, never by combinations of path segments.
import type { PathSegments } from "./path-segments.ts";
import type { Segment, Template } from "./template.ts";

/** A `**` and the literals after it. */
interface Rest<T> {
  readonly suffix: readonly string[];
  /** By verb. */
  readonly ends: Map<string, T>;
}

class Node<T> {
  readonly literals = new Map<string, Node<T>>();
  one: Node<T> | undefined;
  /** Longest suffix first: more literals are more specific, and two of one length never match the same path. */
  readonly rests: Rest<T>[] = [];
  /** What ends at this segment, by verb; empty text for none. */
  readonly ends = new Map<string, T>();
}

export class PathTrie<T> {
  readonly #root = new Node<T>();
  /** Steps of the last search: nodes entered and segments compared. For the test of the bound. */
  stepCount = 0;

  /** The value of the template's shape, made by `create` where there is none yet. */
  insert(template: Template, create: () => T): T {
    let node = this.#root;
    for (const [index, segment] of template.segments.entries()) {
      if (segment.kind === "rest") {
        return valueAt(restOf(node, template.segments.slice(index + 1)).ends, template.verb, create);
      }
      node = childOf(node, segment);
    }
    return valueAt(node.ends, template.verb, create);
  }

  /**
   * Asks about each value whose template matches the path in its reading (`path.verb`), most specific first, until
   * `accept` returns something.
   */
  search<R>(path: PathSegments, accept: (value: T) => R | undefined): R | undefined {
    this.stepCount = 0;
    return this.#visit(this.#root, 0, path, accept);
  }

  #visit<R>(
    node: Node<T>,
    index: number,
    path: PathSegments,
    accept: (value: T) => R | undefined,
  ): R | undefined {
    this.stepCount += 1;
    if (index === path.count) {
      const end = node.ends.get(path.verb);
      const found = end === undefined ? undefined : accept(end);
      if (found !== undefined) return found;
    } else {
      const literal = node.literals.size === 0 ? undefined : node.literals.get(path.text(index));
      if (literal !== undefined) {
        const found = this.#visit(literal, index + 1, path, accept);
        if (found !== undefined) return found;
      }
      if (node.one !== undefined && !path.isEmpty(index)) {
        const found = this.#visit(node.one, index + 1, path, accept);
        if (found !== undefined) return found;
      }
    }
    for (const rest of node.rests) {
      const end = rest.ends.get(path.verb);
      if (end === undefined || !this.#endsWith(path, index, rest.suffix)) continue;
      const found = accept(end);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #endsWith(path: PathSegments, from: number, suffix: readonly string[]): boolean {
    const start = path.count - suffix.length;
    if (start < from) return false;
    for (let i = 0; i < suffix.length; i++) {
      this.stepCount += 1;
      if (path.text(start + i) !== suffix[i]) return false;
    }
    return true;
  }
}

function childOf<T>(node: Node<T>, segment: Segment): Node<T> {
  if (segment.kind !== "literal") {
    node.one ??= new Node<T>();
    return node.one;
  }
  return valueAt(node.literals, segment.text, () => new Node<T>());
}

function restOf<T>(node: Node<T>, segments: readonly Segment[]): Rest<T> {
  const suffix = segments.map((segment) => (segment.kind === "literal" ? segment.text : ""));
  const known = node.rests.find(
    (rest) =>
      rest.suffix.length === suffix.length && rest.suffix.every((text, index) => text === suffix[index]),
  );
  if (known !== undefined) return known;
  const rest: Rest<T> = { suffix, ends: new Map() };
  node.rests.push(rest);
  node.rests.sort((a, b) => b.suffix.length - a.suffix.length);
  return rest;
}

function valueAt<V>(values: Map<string, V>, key: string, create: () => V): V {
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = create();
  values.set(key, value);
  return value;
}
