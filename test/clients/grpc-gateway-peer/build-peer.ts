// Builds grpc-gateway with the generated code of both APIs, and the backend of the second one.
import { join } from "node:path";
import { prepareGoModule } from "../../matrix/go-module.ts";
import { writeSchema } from "../../matrix/schema.ts";
import { buildGo } from "../../matrix/toolchain.ts";

export async function buildPeer(output: string): Promise<void> {
  const matrixProtos = join(output, "protos");
  writeSchema("v1", matrixProtos);
  const module = join(output, "module");
  const plugins = ["go", "go-grpc", "grpc-gateway"] as const;
  await prepareGoModule(import.meta.dirname, module, [
    {
      protoFolder: import.meta.dirname,
      packages: { "parity.proto": "parity", "children.proto": "parity" },
      plugins,
    },
    { protoFolder: matrixProtos, packages: { "matrix.proto": "matrix" }, plugins },
  ]);
  await buildGo(module, join(output, "peer"));
  await buildGo(join(module, "backend"), join(output, "parity-backend"));
}
