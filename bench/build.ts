// Builds what the benchmark needs into .cache/bench: Go programs from the sources here, with the code generated from
// backend/bench.proto, and the descriptor set. Go's own cache makes it cheap to repeat.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { prepareGoModule } from "../test/matrix/go-module.ts";
import { buildGo, cacheFolder, runProtoc, toolVersion } from "../test/matrix/toolchain.ts";

const folder = join(cacheFolder, "bench");
const protoFolder = join(import.meta.dirname, "backend");
/** Where they are built. */
export const backendProgram = join(folder, "backend");
export const loadProgram = join(folder, "load");
export const grpcGatewayProgram = join(folder, "grpc-gateway");
export const descriptorSet = join(folder, "bench.binpb");

/** `go version go1.26.8 linux/amd64`, or undefined where there is no Go. */
export function goVersion(): string | undefined {
  return toolVersion("go", ["version"]);
}

/** The backend, the load generator and the descriptor set. @throws Error with what the build printed */
export async function buildPrograms(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const module = join(folder, "module", "backend");
  await prepareGoModule(protoFolder, module, [
    { protoFolder, packages: { "bench.proto": "api" }, plugins: ["go", "go-grpc"] },
  ]);
  await buildGo(module, backendProgram);
  await buildGo(join(import.meta.dirname, "load"), loadProgram);
  await runProtoc(protoFolder, ["--include_imports", `--descriptor_set_out=${descriptorSet}`, "bench.proto"]);
}

/** @throws Error with what the build printed */
export async function buildGrpcGateway(): Promise<void> {
  const module = join(folder, "module", "grpc-gateway");
  await prepareGoModule(join(import.meta.dirname, "peers", "grpc-gateway"), module, [
    { protoFolder, packages: { "bench.proto": "gateway" }, plugins: ["go", "go-grpc", "grpc-gateway"] },
  ]);
  await buildGo(module, grpcGatewayProgram);
}
