// The two schemas of the matrix, from one source: lines that begin with `// v2:` in test/matrix/proto are comments in
// schema v1 and code in schema v2. Protoc sees them under the same file names, as a backend's new release would.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const schemaVersions = ["v1", "v2"] as const;
export type SchemaVersion = (typeof schemaVersions)[number];

const sourceFolder = join(import.meta.dirname, "proto");

/** Writes the .proto files of one schema into `folder` (made where it is missing) and returns their names. */
export function writeSchema(version: SchemaVersion, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(sourceFolder).filter((name) => name.endsWith(".proto"));
  for (const name of names) {
    const text = readFileSync(join(sourceFolder, name), "utf8");
    writeFileSync(join(folder, name), version === "v1" ? text : text.replaceAll(/^( *)\/\/ v2: /gm, "$1"));
  }
  return names;
}
