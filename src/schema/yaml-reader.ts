// Reads a YAML document node by node, so that everything that is wrong with it has a line and a column.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from "yaml";
import type { ProblemList } from "./problem-list.ts";
import { shorten } from "./shorten.ts";

export interface YamlEntry {
  readonly key: string;
  readonly keyNode: unknown;
  readonly value: unknown;
}

export interface YamlReader {
  /** The root node; nothing where the text is no YAML. */
  readonly root: unknown;
  /** `api.yaml:12:5` of a node. */
  place(node: unknown): string;
  report(node: unknown, message: string): void;
  /** Entries of a mapping in their order; reports and gives nothing where the node is none. */
  entries(node: unknown, what: string): readonly YamlEntry[] | undefined;
  /** Items of a list; reports and gives nothing where the node is none. */
  items(node: unknown, what: string): readonly unknown[] | undefined;
  /** The text of a string; reports and gives nothing where the node is none. */
  text(node: unknown, what: string): string | undefined;
  /** True or false; reports and gives nothing where the node is neither. */
  flag(node: unknown, what: string): boolean | undefined;
}

export function createYamlReader(text: string, file: string, problems: ProblemList): YamlReader {
  const lines = new LineCounter();
  const document: Document.Parsed<ParsedNode> = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
  });
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  for (const error of document.errors) problems.add(placeAt(error.pos[0]), shorten(error.message, 300));

  const place = (node: unknown): string => {
    const range = (node as Partial<Node> | null | undefined)?.range;
    return range ? placeAt(range[0]) : file;
  };
  const report = (node: unknown, message: string): undefined => {
    problems.add(place(node), message);
    return undefined;
  };
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

  return {
    root: document.errors.length > 0 ? undefined : document.contents,
    place,
    report,
    entries(node, what) {
      const map = resolved(node);
      if (!isMap(map)) return report(node, `${what} must be a mapping`);
      return map.items.map(({ key, value }) => ({
        key: isScalar(key) ? String(key.value) : "",
        keyNode: key,
        value,
      }));
    },
    items(node, what) {
      const list = resolved(node);
      if (!isSeq(list)) return report(node, `${what} must be a list`);
      return list.items;
    },
    text(node, what) {
      const scalar = resolved(node);
      if (!isScalar(scalar) || typeof scalar.value !== "string")
        return report(node, `${what} must be a string`);
      return scalar.value;
    },
    flag(node, what) {
      const scalar = resolved(node);
      if (!isScalar(scalar) || typeof scalar.value !== "boolean") {
        return report(node, `${what} must be true or false`);
      }
      return scalar.value;
    },
  };
}
