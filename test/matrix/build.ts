// Builds the foreign backends into .cache/matrix: `node test/matrix/build.ts [go|python|java …]`, all by default. A
// backend whose sources are as they were at the last build is left alone. Exit 1 where one cannot be built.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareGoModule } from "./go-module.ts";
import { type SchemaVersion, schemaVersions, writeSchema } from "./schema.ts";
import {
  buildGo,
  cacheFolder,
  projectRoot,
  protocPath,
  run,
  runProtoc,
  toolVersion,
  vendoredProtos,
} from "./toolchain.ts";

export const backendKinds = ["go", "python", "java"] as const;
export type BackendKind = (typeof backendKinds)[number];

interface Recipe {
  /** The tools it takes, each with the arguments that make it tell its version. */
  readonly tools: readonly (readonly [tool: string, ...args: string[]])[];
  readonly build: (sources: string, output: string) => Promise<void>;
}

const recipes: Readonly<Record<BackendKind, Recipe>> = {
  go: { tools: [["go", "version"]], build: buildGoBackend },
  python: { tools: [["python3", "--version"]], build: buildPythonBackend },
  java: {
    tools: [
      ["mvn", "--version"],
      ["java", "-version"],
    ],
    build: buildJavaBackend,
  },
};

/** Where a kind is built; `protos/v1` and `protos/v2` beside it hold the schemas. */
export function buildFolder(kind: BackendKind | "protos"): string {
  return join(cacheFolder, "matrix", kind);
}

/** Whether the kind is built from the sources as they are now. */
export function isBuilt(kind: BackendKind): boolean {
  const stamp = join(buildFolder(kind), "stamp");
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digestOfSources(kind);
}

/** @throws Error naming the missing tool, or with what the build printed */
export async function buildBackend(kind: BackendKind): Promise<void> {
  const { tools, build } = recipes[kind];
  for (const [tool, ...args] of tools) {
    if (toolVersion(tool, args) === undefined) throw new Error(`no ${tool} on PATH`);
  }
  const output = buildFolder(kind);
  mkdirSync(output, { recursive: true });
  rmSync(join(output, "stamp"), { force: true });
  for (const version of schemaVersions) writeSchema(version, protoFolder(version));
  await build(sourceFolder(kind), output);
  writeFileSync(join(output, "stamp"), digestOfSources(kind));
}

function sourceFolder(kind: BackendKind): string {
  return join(import.meta.dirname, "backends", kind);
}

function protoFolder(version: SchemaVersion): string {
  return join(buildFolder("protos"), version);
}

function digestOfSources(kind: BackendKind): string {
  const files = [
    ...globSync("**/*", { cwd: sourceFolder(kind) }).map((name) => join(sourceFolder(kind), name)),
    ...globSync("proto/*.proto", { cwd: import.meta.dirname }).map((name) => join(import.meta.dirname, name)),
    import.meta.filename,
    join(import.meta.dirname, "go-module.ts"),
    join(import.meta.dirname, "schema.ts"),
  ].filter((file) => /\.(go|mod|sum|py|txt|java|xml|proto|ts)$/.test(file));
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(readFileSync(file));
  return hash.digest("hex");
}

async function buildGoBackend(sources: string, output: string): Promise<void> {
  for (const version of schemaVersions) {
    const names = globSync("*.proto", { cwd: protoFolder(version) });
    const packages = Object.fromEntries(names.map((name) => [name, "api"]));
    const module = join(output, version);
    await prepareGoModule(sources, module, [
      { protoFolder: protoFolder(version), packages, plugins: ["go", "go-grpc"] },
    ]);
    await buildGo(module, join(output, `backend-${version}`));
  }
}

async function buildPythonBackend(sources: string, output: string): Promise<void> {
  const python = join(output, "venv", "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(output, "venv")]);
  const requirements = join(sources, "requirements.txt");
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  for (const version of schemaVersions) {
    const generated = join(output, version);
    mkdirSync(generated, { recursive: true });
    const names = globSync("*.proto", { cwd: protoFolder(version) });
    const paths = ["-I", protoFolder(version), "-I", vendoredProtos];
    const outputs = [`--python_out=${generated}`, `--grpc_python_out=${generated}`];
    await run(python, ["-m", "grpc_tools.protoc", ...paths, ...outputs, ...names]);
  }
}

async function buildJavaBackend(sources: string, output: string): Promise<void> {
  for (const version of schemaVersions) {
    const properties = {
      "matrix.protos": protoFolder(version),
      "matrix.vendored": vendoredProtos,
      "matrix.protoc": protocPath(),
      "matrix.build": join(output, version),
    };
    const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
    await run("mvn", ["-B", "-q", ...flags, "package"], { cwd: sources });
  }
}

/** Writes the descriptor set of a schema and returns its file. */
export async function buildDescriptorSet(version: SchemaVersion): Promise<string> {
  const folder = protoFolder(version);
  const names = writeSchema(version, folder);
  const file = join(folder, "schema.binpb");
  await runProtoc(folder, ["--include_imports", `--descriptor_set_out=${file}`, ...names]);
  return file;
}

async function main(args: readonly string[]): Promise<number> {
  const kinds = backendKinds.filter((kind) => args.length === 0 || args.includes(kind));
  const unknown = args.filter((name) => !backendKinds.some((kind) => kind === name));
  if (unknown.length > 0) {
    console.error(`no backend ${unknown.join(", ")}; there are ${backendKinds.join(", ")}`);
    return 2;
  }
  let failedCount = 0;
  for (const kind of kinds) {
    if (isBuilt(kind)) {
      console.log(`${kind}: up to date`);
      continue;
    }
    console.log(`${kind}: building (the first time downloads what it needs)`);
    const startMs = Date.now();
    try {
      await buildBackend(kind);
      console.log(`${kind}: built in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
    } catch (error) {
      failedCount += 1;
      console.error(`${kind}: not built: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`in ${buildFolder("go").slice(projectRoot.length + 1, -3)}`);
  return failedCount === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
