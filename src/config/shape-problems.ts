// Turns what zod says about a config file into sentences for people: the key, what was expected, what was given, and
// the nearest valid word.
import type { z } from "zod";
import { didYouMean } from "../schema/nearest-name.ts";
import type { Problem } from "../schema/problem.ts";
import { hintForKey } from "./config-keys.ts";
import { quoted } from "./parsed.ts";
import type { YamlPlaces } from "./yaml-place.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The problems of one file, each with line and column, in the order of the file's shape. */
export function shapeProblems(
  file: string,
  issues: readonly Issue[],
  content: unknown,
  places: YamlPlaces,
): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, []));

  function problemsOf(issue: Issue, prefix: Path): Problem[] {
    const path = [...prefix, ...issue.path];
    const problem = (message: string): Problem => ({ place: `${file}:${places.ofValue(path)}`, message });
    // Values of the headers that an upstream is sent may be secrets.
    const value = path[0] === "upstreams" && path.includes("header") ? hidden : valueAt(content, path);
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({
          place: `${file}:${places.ofKey(path, key)}`,
          message: `unknown key ${quoted(key)}${within(path)}${hintForKey(path, key)}`,
        }));
      case "invalid_union": {
        if (value === undefined) return [problem(missing(path))];
        // The branch that the value was meant for is the one whose outermost type it has.
        const branch = issue.errors.find(
          (errors) => errors.length > 0 && !errors.some((inner) => isRootMismatch(inner, value)),
        );
        if (branch !== undefined) return branch.flatMap((inner) => problemsOf(inner, path));
        return [problem(`${keyOf(path)}${issue.message}, got ${described(value)}`)];
      }
      case "invalid_type":
        if (value === undefined) return [problem(missing(path))];
        return [problem(`${keyOf(path)}${typeMessage(issue)}, got ${described(value)}`)];
      case "invalid_value": {
        const words = issue.values.map(String);
        const hint = typeof value === "string" ? didYouMean(value, words) : "";
        const list = words.map((word) => `\`${word}\``).join(", ");
        return [problem(`${keyOf(path)}expected one of ${list}, got ${described(value)}${hint}`)];
      }
      case "custom":
        return [problem(`${keyOf(path)}${issue.message}`)];
      default:
        return [problem(`${keyOf(path)}${issue.message}, got ${described(value)}`)];
    }
  }
}

function missing(path: Path): string {
  return `\`${String(path.at(-1))}\` is missing${within(path.slice(0, -1))}`;
}

function isRootMismatch(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_type") return true;
  // A mapping is no misspelled word.
  if (issue.code === "invalid_value") return typeof value === "object";
  return (
    issue.code === "invalid_union" &&
    issue.errors.every((errors) => errors.some((inner) => isRootMismatch(inner, value)))
  );
}

function valueAt(content: unknown, path: Path): unknown {
  let value = content;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function pathText(path: Path): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`))
    .join("");
}

function keyOf(path: Path): string {
  return path.length === 0 ? "" : `${quoted(pathText(path))}: `;
}

function within(path: Path): string {
  return path.length === 0 ? "" : ` in ${quoted(pathText(path))}`;
}

/** The shape's own words where it has some, which all begin alike. */
function typeMessage(issue: z.core.$ZodIssueInvalidType): string {
  return issue.message.startsWith("expected") ? issue.message : `expected ${typeWord(issue.expected)}`;
}

function typeWord(expected: string): string {
  switch (expected) {
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "object":
    case "record":
      return "a mapping of keys to values";
    case "array":
      return "a list";
    default:
      return `a ${expected}`;
  }
}

const hidden = Symbol("hidden");

function described(value: unknown): string {
  if (value === hidden) return "something else";
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return quoted(String(value));
}
