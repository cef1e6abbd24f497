// Builds what the benchmark needs into .cache/bench: Go programs from the sources here, and the descriptor set. Go's own
// cache makes it cheap to repeat.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildGo, cacheFolder, runProtoc, toolVersion } from "../test/matrix/toolchain.ts";

const folder = join(cacheFolder, "bench");
/** Where `buildPrograms` puts them. */
export const backendProgram = join(folder, "backend");
export const loadProgram = join(folder, "load");
export const descriptorSet = join(folder, "bench.binpb");

/** `go version go1.26.8 linux/amd64`, or undefined where there is no Go. */
export function goVersion(): string | undefined {
  return toolVersion("go", ["version"]);
}

/** The backend, the load generator and the descriptor set. @throws Error with what the build printed */
export async function buildPrograms(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const backend = join(import.meta.dirname, "backend");
  await buildGo(backend, backendProgram);
  await buildGo(join(import.meta.dirname, "load"), loadProgram);
  await runProtoc(backend, ["--include_imports", `--descriptor_set_out=${descriptorSet}`, "bench.proto"]);
}

/** A Go program under bench/peers; returns the file. @throws Error with what the build printed */
export async function buildGoPeer(name: string): Promise<string> {
  const program = join(folder, name);
  await buildGo(join(import.meta.dirname, "peers", name), program);
  return program;
}
