// Where in a YAML text a value stands: the line and column of the value at a path, of a key, or of the nearest
// mapping around it that exists.
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from "yaml";

export interface YamlPlaces {
  /** `4:7` of the value at a path; of the deepest thing on the way to it where the path goes on. */
  ofValue(path: readonly PropertyKey[]): string;
  /** `4:5` of a key in the mapping at a path. */
  ofKey(path: readonly PropertyKey[], key: string): string;
  /** `4:7` of a character, counted from 0. */
  ofOffset(offset: number): string;
}

/** Lines and columns count from 1. */
export function createYamlPlaces(document: Document, lines: LineCounter): YamlPlaces {
  const ofOffset = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? "1:1" : `${line}:${col}`;
  };
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const start = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

  /** The nodes along a path as far as it exists, root first. */
  const trail = (path: readonly PropertyKey[]): readonly unknown[] => {
    const nodes: unknown[] = [document.contents];
    for (const step of path) {
      const node = resolve(nodes.at(-1));
      const pair = pairOf(node, step);
      // One that stands for a list of one.
      if (pair === undefined && step === 0 && isMap(node)) continue;
      const next = pair === undefined ? (isSeq(node) ? node.items[Number(step)] : undefined) : pair.value;
      // A key without a value has no node of its own worth pointing at; its key has.
      const found = start(next) === undefined || isEmptyScalar(next) ? (pair?.key ?? next) : next;
      if (start(found) === undefined) break;
      nodes.push(found);
    }
    return nodes;
  };

  return {
    ofOffset,
    ofValue: (path) => ofOffset(start(trail(path).at(-1)) ?? 0),
    ofKey(path, key) {
      const node = trail(path).at(-1);
      return ofOffset(start(pairOf(resolve(node), key)?.key) ?? start(node) ?? 0);
    },
  };
}

function pairOf(
  node: unknown,
  key: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (!isMap<Node, Node>(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && `${pair.key.value}` === `${String(key)}`);
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null && (node.source ?? "") === "";
}
