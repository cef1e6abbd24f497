// Builds what the tests of other people's clients need into .cache/clients: `node test/clients/build.ts [grpc-gateway|
// google|openapi|rpc-go|rpc-python …]`, all by default. A part whose sources are as they were at the last build is left alone. Exit 1
// where one cannot be built.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, toolVersion } from "../matrix/toolchain.ts";
import { buildGoogle } from "./google/build-google.ts";
import { buildPeer } from "./grpc-gateway-peer/build-peer.ts";
import { buildOpenApi } from "./openapi/build-openapi.ts";
import { buildRpcGo } from "./rpc/build-rpc-go.ts";
import { buildRpcPython } from "./rpc/build-rpc-python.ts";

export const clientParts = ["grpc-gateway", "google", "openapi", "rpc-go", "rpc-python"] as const;
export type ClientPart = (typeof clientParts)[number];

interface Recipe {
  /** The tools it takes, each with the arguments that make it tell its version. */
  readonly tools: readonly (readonly [tool: string, ...args: string[]])[];
  /** What it is made from, below test/: the digest of these files says whether it is built. */
  readonly sources: readonly string[];
  readonly build: (output: string) => Promise<void>;
}

const recipes: Readonly<Record<ClientPart, Recipe>> = {
  "grpc-gateway": {
    tools: [["go", "version"]],
    sources: ["clients/grpc-gateway-peer/**", "matrix/proto/**", "matrix/{go-module,schema}.ts"],
    build: buildPeer,
  },
  google: {
    tools: [
      ["python3", "--version"],
      ["npm", "--version"],
      ["tar", "--version"],
    ],
    sources: ["clients/google/*.*"],
    build: buildGoogle,
  },
  openapi: {
    tools: [["go", "version"]],
    sources: [
      "clients/openapi/**",
      "clients/grpc-gateway-peer/*.proto",
      "matrix/proto/**",
      "matrix/schema.ts",
    ],
    build: buildOpenApi,
  },
  "rpc-go": {
    tools: [["go", "version"]],
    sources: [
      "clients/rpc/build-rpc-go.ts",
      "clients/rpc/go/**",
      "matrix/go-module.ts",
      "../examples/library/library.proto",
    ],
    build: buildRpcGo,
  },
  "rpc-python": {
    tools: [["python3", "--version"]],
    sources: [
      "clients/rpc/build-rpc-python.ts",
      "clients/rpc/python/requirements.txt",
      "../examples/library/library.proto",
    ],
    build: buildRpcPython,
  },
};

/** Where a part is built. */
export function clientFolder(part: ClientPart): string {
  return join(projectRoot, ".cache", "clients", part);
}

/** Undefined where the part can be used, else why not and what to do, to skip a test with. */
export function whyNotBuilt(part: ClientPart): string | undefined {
  const stamp = join(clientFolder(part), "stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digestOfSources(part)) return undefined;
  const state = existsSync(stamp) ? "BUILT FROM OLDER SOURCES" : "NOT BUILT";
  return `THE CLIENTS' PART ${part.toUpperCase()} IS ${state}: run node test/clients/build.ts ${part}`;
}

function digestOfSources(part: ClientPart): string {
  const tests = join(import.meta.dirname, "..");
  const names = recipes[part].sources.flatMap((pattern) => globSync(pattern, { cwd: tests }));
  const files = names.filter((name) => /\.(go|mod|sum|txt|yaml|proto|ts)$/.test(name)).sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(tests, file)));
  return hash.digest("hex");
}

/** @throws Error naming the missing tool, or with what the build printed */
async function build(part: ClientPart): Promise<void> {
  for (const [tool, ...args] of recipes[part].tools) {
    if (toolVersion(tool, args) === undefined) throw new Error(`no ${tool} on PATH`);
  }
  const output = clientFolder(part);
  mkdirSync(output, { recursive: true });
  rmSync(join(output, "stamp"), { force: true });
  await recipes[part].build(output);
  writeFileSync(join(output, "stamp"), digestOfSources(part));
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((name) => !clientParts.some((part) => part === name));
  if (unknown.length > 0) {
    console.error(`no part ${unknown.join(", ")}; there are ${clientParts.join(", ")}`);
    return 2;
  }
  let failedCount = 0;
  for (const part of clientParts) {
    if (args.length > 0 && !args.includes(part)) continue;
    if (whyNotBuilt(part) === undefined) {
      console.log(`${part}: up to date`);
      continue;
    }
    console.log(`${part}: building (the first time downloads what it needs)`);
    const startMs = Date.now();
    try {
      await build(part);
      console.log(`${part}: built in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
    } catch (error) {
      failedCount += 1;
      console.error(`${part}: not built: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failedCount === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
