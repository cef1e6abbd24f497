// Generates Go clients of the demo library as people do, with protoc-gen-go, -go-grpc and -connect-go, beside a copy of
// go/, and builds both programs. What is generated is not checked in.
import { join } from "node:path";
import { prepareGoModule } from "../../matrix/go-module.ts";
import { buildGo, projectRoot } from "../../matrix/toolchain.ts";

export async function buildRpcGo(output: string): Promise<void> {
  const module = join(output, "module");
  await prepareGoModule(join(import.meta.dirname, "go"), module, [
    {
      protoFolder: join(projectRoot, "examples/library"),
      packages: { "library.proto": "library", "protogate/v1/options.proto": "options" },
      plugins: ["go", "go-grpc", "connect-go"],
    },
  ]);
  for (const program of ["connect-client", "grpc-client"]) {
    await buildGo(join(module, program), join(output, program));
  }
}
