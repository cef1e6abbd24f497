// Reads `protogate.yaml`: YAML 1.2 text → the shape → a ConfigLayer. Every problem comes with line and column, and all
// of them at once. Paths in the file are relative to the file's folder.
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { Problem } from "../schema/problem.ts";
import type { LayerReading } from "./config-layer.ts";
import { configShape } from "./config-shape.ts";
import { fileProblem } from "./file-problem.ts";
import { quoted } from "./parsed.ts";
import { rebasePaths } from "./rebase-paths.ts";
import { shapeProblems } from "./shape-problems.ts";
import { createYamlPlaces } from "./yaml-place.ts";

/** A config is written by hand; more than this is another file given by mistake. */
const maxBytes = 1024 ** 2;
/** After this many, the file is something else. */
const maxProblems = 50;

export type ConfigFileReading =
  | { readonly ok: true; readonly reading: LayerReading }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and checks a file. Never throws. */
export function readConfigFile(file: string): ConfigFileReading {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > maxBytes) return failed(`${file}`, `is no config: ${size} bytes, more than ${maxBytes}`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    return { ok: false, problems: [fileProblem(file, error)] };
  }
  return parseConfig(text, file);
}

/** The text of a config file; `file` is its path for places and for relative paths. Never throws. */
export function parseConfig(rawText: string, file: string): ConfigFileReading {
  const text = rawText.replace(/^\uFEFF/, "");
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    version: "1.2",
  });
  const places = createYamlPlaces(document, lines);
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.slice(0, maxProblems).map((error) => ({
        place: `${file}:${places.ofOffset(error.pos[0])}`,
        message: yamlMessage(error.code, error.message, text.slice(error.pos[0], error.pos[0] + 80)),
      })),
    };
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return failed(`${file}:1:1`, `not usable as YAML: ${error instanceof Error ? error.message : error}`);
  }
  if (content === null || content === undefined) {
    return failed(`${file}:1:1`, "the file is empty; `protogate help config` lists its keys");
  }
  if (typeof content !== "object" || Array.isArray(content)) {
    const what = Array.isArray(content) ? "a list" : "one value";
    return failed(
      `${file}:${places.ofValue([])}`,
      `expected keys and values at the top, such as \`upstreams: localhost:50051\`, got ${what}`,
    );
  }
  const outcome = configShape.safeParse(content);
  if (!outcome.success) {
    const problems = shapeProblems(file, outcome.error.issues, content, places);
    return { ok: false, problems: problems.slice(0, maxProblems) };
  }
  return {
    ok: true,
    reading: {
      layer: rebasePaths(outcome.data, dirname(file)),
      placeOf: (path) => `${file}:${places.ofValue(path)}`,
    },
  };
}

function failed(place: string, message: string): ConfigFileReading {
  return { ok: false, problems: [{ place, message }] };
}

/** The library's words where they are clear, ours where they are not. */
function yamlMessage(code: string, message: string, source: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return `the key ${quoted(/^["']?([^"':\s]*)/.exec(source)?.[1] ?? "")} is there twice`;
    case "TAB_AS_INDENT":
      return "a tab where YAML wants spaces";
    case "MULTIPLE_DOCS":
      return "a second document (after `---`); one file is one config";
    default:
      return `not YAML: ${message.replace(/\s+/g, " ").slice(0, 300)}`;
  }
}
