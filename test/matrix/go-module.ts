// Copies a Go module into the build folder and generates the code it lacks there, at each build: what is generated is
// neither checked in nor beside the sources, so nothing but the .proto files says what it is.
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installGoPlugins, runProtoc } from "./toolchain.ts";

/** Protoc's plugins by the names of their flags, at versions that go with the libraries in the go.mod files. */
const plugins = {
  go: "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
  "connect-go": "connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.19.1",
  "grpc-gateway": "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.33.0",
};

export interface GoCode {
  readonly protoFolder: string;
  /** The package of each .proto file, as a folder of the module; the file's own go_package does not count. */
  readonly packages: Readonly<Record<string, string>>;
  readonly plugins: readonly (keyof typeof plugins)[];
}

/**
 * Makes `module` a copy of the Go module in `sources`, with the code beside; what was there before is gone.
 * @throws Error with what protoc or the installation of a plugin printed
 */
export async function prepareGoModule(
  sources: string,
  module: string,
  codes: readonly GoCode[],
): Promise<void> {
  rmSync(module, { recursive: true, force: true });
  cpSync(sources, module, { recursive: true });
  const modulePath = /^module (\S+)$/m.exec(readFileSync(join(module, "go.mod"), "utf8"))?.[1];
  for (const code of codes) {
    const PATH = await installGoPlugins(code.plugins.map((name) => plugins[name]));
    const flags = code.plugins.flatMap((name) => [
      `--${name}_out=${module}`,
      `--${name}_opt=module=${modulePath}`,
      ...Object.entries(code.packages).map(
        ([file, folder]) => `--${name}_opt=M${file}=${modulePath}/${folder}`,
      ),
    ]);
    await runProtoc(code.protoFolder, [...flags, ...Object.keys(code.packages)], { PATH });
  }
}
