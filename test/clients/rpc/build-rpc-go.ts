// Generates Go clients of the demo library as people do, with protoc-gen-go, -go-grpc and -connect-go, beside a copy of
// go/, and builds both programs. What is generated is not checked in.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { buildGo, installGoPlugins, projectRoot, runProtoc } from "../../matrix/toolchain.ts";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
  "connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.19.1",
];

/** The Go packages of the files that name none. */
const packages = {
  "library.proto": "protogate/clients/rpc/library",
  "protogate/v1/options.proto": "protogate/clients/rpc/options",
};

export async function buildRpcGo(output: string): Promise<void> {
  const env = { PATH: `${await installGoPlugins(plugins)}${delimiter}${process.env.PATH ?? ""}` };
  const module = join(output, "module");
  rmSync(module, { recursive: true, force: true });
  mkdirSync(module, { recursive: true });
  cpSync(join(import.meta.dirname, "go"), module, { recursive: true });
  const flags = ["go", "go-grpc", "connect-go"].flatMap((name) => [
    `--${name}_out=${module}`,
    `--${name}_opt=module=protogate/clients/rpc`,
    ...Object.entries(packages).map(([file, path]) => `--${name}_opt=M${file}=${path}`),
  ]);
  await runProtoc(join(projectRoot, "examples/library"), [...flags, ...Object.keys(packages)], env);
  for (const program of ["connect-client", "grpc-client"]) {
    await buildGo(join(module, program), join(output, program));
  }
}
