// Installs the programs of connectrpc/conformance and compiles the suite's own protos, from the Go module, into .cache.
// Source: https://github.com/connectrpc/conformance, docs/configuring_and_running_tests.md
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, installGoPlugins, runProtoc } from "../../matrix/toolchain.ts";

const version = "v1.0.5";
const programs = [
  "connectconformance",
  "referenceserver",
  "referenceclient",
  "grpcserver",
  "grpcclient",
] as const;
export type SuiteProgram = (typeof programs)[number];

/** Where the run puts what it makes: descriptor set, output. */
export const suiteFolder = join(cacheFolder, "conformance", "connect");

/** The services and messages of the suite, and the backend's schema for the gateway: the backends have no reflection. */
export const suiteSetFile = join(suiteFolder, `${version}.binpb`);

export function suiteProgram(name: SuiteProgram): string {
  return join(cacheFolder, "go-plugins", version, name);
}

/**
 * Takes half a minute and network the first time.
 * @throws Error with what the build printed
 */
export async function prepareSuite(): Promise<void> {
  await installGoPlugins(programs.map((name) => `connectrpc.com/conformance/cmd/${name}@${version}`));
  if (existsSync(suiteSetFile)) return;
  mkdirSync(suiteFolder, { recursive: true });
  const args = ["mod", "download", "-json", `connectrpc.com/conformance@${version}`];
  const module: unknown = JSON.parse(execFileSync("go", args, { cwd: suiteFolder, encoding: "utf8" }));
  const protos = join((module as { readonly Dir: string }).Dir, "proto");
  const names = globSync("**/*.proto", { cwd: protos });
  const partial = `${suiteSetFile}.partial`;
  await runProtoc(protos, ["--include_imports", `--descriptor_set_out=${partial}`, ...names]);
  renameSync(partial, suiteSetFile);
}
