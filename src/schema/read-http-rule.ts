// One `http.rules` entry of a service config, checked as a google.api.HttpRule.
// Source: google/api/http.proto, HttpRule
import { create } from "@bufbuild/protobuf";
import { CustomHttpPatternSchema, type HttpRule, HttpRuleSchema } from "../gen/google/api/http_pb.ts";
import { didYouMean } from "./nearest-name.ts";
import { isSelector } from "./selector.ts";
import type { YamlEntry, YamlReader } from "./yaml-reader.ts";

/** Proto names by what may be written: both spellings of ProtoJSON. */
const keys: ReadonlyMap<string, string> = new Map([
  ...["selector", "get", "put", "post", "delete", "patch", "custom", "body"].map(
    (key) => [key, key] as const,
  ),
  ["response_body", "response_body"],
  ["responseBody", "response_body"],
  ["additional_bindings", "additional_bindings"],
  ["additionalBindings", "additional_bindings"],
]);
const shownKeys = [...new Set(keys.values())];
const patterns = ["get", "put", "post", "delete", "patch", "custom"] as const;
type PatternKey = (typeof patterns)[number];

/** Reads a rule; reports everything that is wrong with it and gives nothing where something is. */
export function readHttpRule(yaml: YamlReader, node: unknown): HttpRule | undefined {
  return readRule(yaml, node, "rule");
}

function readRule(
  yaml: YamlReader,
  node: unknown,
  level: "rule" | "additional binding",
): HttpRule | undefined {
  const entries = yaml.entries(node, `an http ${level}`);
  if (entries === undefined) return undefined;
  const rule = create(HttpRuleSchema);
  let sound = true;
  const wrong = (at: unknown, message: string): void => {
    sound = false;
    yaml.report(at, message);
  };
  const found: string[] = [];
  for (const entry of entries) {
    const key = keys.get(entry.key);
    if (key === undefined) {
      wrong(entry.keyNode, `an http rule has no field \`${entry.key}\`${didYouMean(entry.key, shownKeys)}`);
      continue;
    }
    if (isPattern(key)) {
      found.push(key);
      if (!readPattern(yaml, entry, key, rule)) sound = false;
    } else if (key === "additional_bindings") {
      if (level !== "rule") wrong(entry.keyNode, "an additional binding must not have bindings of its own");
      else if (!readBindings(yaml, entry, rule)) sound = false;
    } else {
      const text = yaml.text(entry.value, `\`${entry.key}\``);
      if (text === undefined) sound = false;
      else if (key === "selector") {
        rule.selector = text;
        if (level === "rule" && !isSelector(text)) {
          wrong(
            entry.value,
            `\`${text}\` is no selector: a method (pkg.Service.Method), pkg.Service.*, pkg.* or *`,
          );
        }
      } else if (key === "body") rule.body = text;
      else rule.responseBody = text;
    }
  }
  if (level === "rule" && !entries.some((entry) => entry.key === "selector")) {
    wrong(node, "an http rule needs a `selector`: the method it is for");
  }
  if (found.length !== 1) {
    const many = found.length === 0 ? "none" : found.join(" and ");
    wrong(node, `an http ${level} needs exactly one of ${patterns.join(", ")}; it has ${many}`);
  }
  return sound ? rule : undefined;
}

function isPattern(key: string): key is PatternKey {
  return (patterns as readonly string[]).includes(key);
}

function readPattern(
  yaml: YamlReader,
  { key, value }: YamlEntry,
  pattern: PatternKey,
  rule: HttpRule,
): boolean {
  if (pattern !== "custom") {
    const template = yaml.text(value, `\`${key}\``);
    if (template === undefined) return false;
    rule.pattern = { case: pattern, value: template };
    return true;
  }
  const custom = create(CustomHttpPatternSchema);
  let sound = true;
  const entries = yaml.entries(value, "`custom`");
  for (const entry of entries ?? []) {
    if (entry.key !== "kind" && entry.key !== "path") {
      yaml.report(
        entry.keyNode,
        `\`custom\` has no field \`${entry.key}\`${didYouMean(entry.key, ["kind", "path"])}`,
      );
      sound = false;
      continue;
    }
    const text = yaml.text(entry.value, `\`${entry.key}\``);
    if (text === undefined) sound = false;
    else custom[entry.key] = text;
  }
  if (entries === undefined || !sound) return false;
  if (custom.kind === "" || custom.path === "") {
    yaml.report(value, "`custom` needs a `kind` (the HTTP method) and a `path`");
    return false;
  }
  rule.pattern = { case: "custom", value: custom };
  return true;
}

function readBindings(yaml: YamlReader, { key, value }: YamlEntry, rule: HttpRule): boolean {
  const items = yaml.items(value, `\`${key}\``);
  if (items === undefined) return false;
  const bindings = items.map((item) => readRule(yaml, item, "additional binding"));
  rule.additionalBindings = bindings.filter((binding) => binding !== undefined);
  return rule.additionalBindings.length === bindings.length;
}
