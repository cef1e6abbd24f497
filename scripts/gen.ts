// Generates src/gen/ from protos/ with protoc and protoc-gen-es. The output is checked in; CI runs
// `npm run gen` and fails on any difference.
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const out = join(root, "src/gen");
const protoFiles = globSync("**/*.proto", { cwd: join(root, "protos") }).sort();

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
execFileSync(
  join(root, "node_modules/.bin/protoc"),
  [
    `--plugin=protoc-gen-es=${join(root, "node_modules/.bin/protoc-gen-es")}`,
    `-I${join(root, "protos")}`,
    `-I${join(root, "node_modules/protoc/include")}`,
    `--es_out=${out}`,
    // erasable_syntax: Node runs the files directly and strips types, which TypeScript enums do not survive.
    "--es_opt=target=ts,import_extension=ts,erasable_syntax=true",
    ...protoFiles,
  ],
  { stdio: "inherit" },
);
process.stdout.write(`generated ${protoFiles.length} files into src/gen\n`);
