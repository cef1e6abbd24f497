// The keys of the config file as plain data, read off the shape: for `protogate help config`, for editors (JSON
// Schema), and for telling a misspelled key which one was meant.
import { z } from "zod";
import { didYouMean } from "../schema/nearest-name.ts";
import { configShape } from "./config-shape.ts";

export interface ConfigKey {
  /** `upstreams[].tls.caFile` */
  readonly path: string;
  /** How the value is written: `HOST:PORT or list`. */
  readonly form: string;
  readonly description: string;
  /** What holds without the key; absent where the description says it. */
  readonly byDefault?: string;
}

type Node = z.core.JSONSchema.BaseSchema;

/** The parts of a JSON Schema that ours has, walked by hand. */
function propertiesOf(node: Node): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const branch of [node, ...(node.anyOf ?? [])]) {
    for (const [key, child] of Object.entries(branch.properties ?? {})) {
      if (typeof child === "object") found.set(key, child);
    }
    const items = branch.items;
    if (typeof items === "object" && !Array.isArray(items)) {
      for (const [key, child] of propertiesOf(items)) found.set(key, child);
    }
    if (branch !== node) for (const [key, child] of propertiesOf(branch)) found.set(key, child);
  }
  return found;
}

function listsMappings(node: Node): boolean {
  const isList = [node, ...(node.anyOf ?? [])].some(({ type }) => type === "array");
  return isList && propertiesOf(node).size > 0;
}

const rootNode: Node = z.toJSONSchema(configShape, { io: "input" });

/** Every key of the file, a mapping before what is in it. */
export function configKeys(): readonly ConfigKey[] {
  const keys: ConfigKey[] = [];
  const visit = (node: Node, prefix: string): void => {
    for (const [key, child] of propertiesOf(node)) {
      const path = `${prefix}${key}${listsMappings(child) ? "[]" : ""}`;
      keys.push({
        path,
        form: `${child.form ?? ""}`,
        description: child.description ?? "",
        ...(child.byDefault === undefined ? {} : { byDefault: `${child.byDefault}` }),
      });
      if (child.keysOf === undefined) visit(child, `${path}.`);
    }
  };
  visit(rootNode, "");
  return keys;
}

/** JSON Schema of the file (draft 2020-12), for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configShape, {
    io: "input",
    override: ({ jsonSchema }) => {
      if (jsonSchema.byDefault !== undefined)
        jsonSchema.default = jsonSchema.byDefault as string | boolean | number;
      delete jsonSchema.byDefault;
      delete jsonSchema.form;
      delete jsonSchema.keysOf;
    },
  });
}

/** What a message about an unknown key ends with: the nearest valid one there, or the mapping it belongs under. */
export function hintForKey(path: readonly PropertyKey[], key: string): string {
  let node: Node | undefined = rootNode;
  for (const step of path) {
    if (typeof step === "string" && node !== undefined) node = propertiesOf(node).get(step);
  }
  const nearest = didYouMean(key, node === undefined ? [] : propertiesOf(node).keys());
  if (nearest !== "") return nearest;
  const elsewhere = configKeys().find((known) => known.path.endsWith(`.${key}`));
  return elsewhere === undefined ? "" : `; it belongs under \`${elsewhere.path.slice(0, -key.length - 1)}\``;
}
