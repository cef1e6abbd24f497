// Generates src/gen/ from protos/ and examples/library/gen/ from the demo's .proto. The output is checked in; CI runs
// `npm run gen` and fails on any difference.
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const include = ["-Iprotos", "-Inode_modules/protoc/include"];
/** erasable_syntax: Node runs the files directly and strips types, which TypeScript enums do not survive. */
const esOptions = "target=ts,import_extension=ts,erasable_syntax=true";

function protoc(...args: readonly string[]): void {
  execFileSync(join(bin, "protoc"), args, { cwd: root, stdio: "inherit" });
}

function generate(out: string, options: string, ...files: readonly string[]): void {
  rmSync(join(root, out), { recursive: true, force: true });
  mkdirSync(join(root, out), { recursive: true });
  const plugin = `--plugin=protoc-gen-es=${join(bin, "protoc-gen-es")}`;
  protoc(plugin, ...include, "-Iexamples/library", `--es_out=${out}`, `--es_opt=${options}`, ...files);
}

generate("src/gen", esOptions, ...globSync("**/*.proto", { cwd: join(root, "protos") }).sort());

const demo = "examples/library/gen";
const ours = ["google", "protogate"].map((name) => `,rewrite_imports=./${name}/**/*_pb.js:../../../src/gen`);
generate(demo, esOptions + ours.join(""), "library.proto");
protoc(
  ...include,
  "-Iexamples/library",
  "--include_imports",
  "--include_source_info",
  "-o",
  `${demo}/library.binpb`,
  "library.proto",
  "google/rpc/error_details.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
);
process.stdout.write("generated src/gen and examples/library/gen\n");
