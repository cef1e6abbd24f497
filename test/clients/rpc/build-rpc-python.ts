// A virtual environment with grpcio, and the demo library's stubs by grpcio-tools, as people make theirs.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, run, vendoredProtos } from "../../matrix/toolchain.ts";

export async function buildRpcPython(output: string): Promise<void> {
  const python = join(output, "venv", "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(output, "venv")]);
  const requirements = join(import.meta.dirname, "python", "requirements.txt");
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  const generated = join(output, "generated");
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  // google/* comes with googleapis-common-protos.
  await run(python, [
    ...["-m", "grpc_tools.protoc", "-I", join(projectRoot, "examples/library"), "-I", vendoredProtos],
    ...[`--python_out=${generated}`, `--grpc_python_out=${generated}`],
    ...["library.proto", "protogate/v1/options.proto"],
  ]);
}
