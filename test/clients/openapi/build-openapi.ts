// Generates a Go REST client as grpc-gateway's users do: protoc-gen-openapiv2 writes the OpenAPI documents, go-swagger
// the clients from them; both run, and what they write is not checked in. driver/ is the program that uses it.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeSchema } from "../../matrix/schema.ts";
import { buildGo, installGoPlugins, run, runProtoc } from "../../matrix/toolchain.ts";

const plugin = "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2@v2.33.0";
const goSwagger = "github.com/go-swagger/go-swagger/cmd/swagger@v0.36.7";
// Else the client would escape the slashes of {name=shelves/*/items/*}, which grpc-gateway does not match either.
const openApiOptions = "expand_slashed_path_patterns=true";

export async function buildOpenApi(output: string): Promise<void> {
  const env = { PATH: await installGoPlugins([plugin, goSwagger]) };

  const module = join(output, "module");
  rmSync(module, { recursive: true, force: true });
  const documents = join(module, "documents");
  mkdirSync(documents, { recursive: true });
  const matrixProtos = join(output, "protos");
  writeSchema("v1", matrixProtos);
  const flags = [`--openapiv2_out=${documents}`, `--openapiv2_opt=${openApiOptions}`];
  await runProtoc(matrixProtos, [...flags, "matrix.proto"], env);
  await runProtoc(join(import.meta.dirname, "..", "grpc-gateway-peer"), [...flags, "children.proto"], env);

  cpSync(join(import.meta.dirname, "driver"), module, { recursive: true });
  for (const name of ["matrix", "children"]) {
    const document = join(documents, `${name}.swagger.json`);
    const packages = ["-c", `${name}/client`, "-m", `${name}/models`];
    await run("swagger", ["generate", "client", "-q", "-f", document, "-A", name, ...packages, "-t", "."], {
      cwd: module,
      env,
    });
  }
  if (!existsSync(join(module, "go.sum"))) throw new Error("driver/go.sum is missing");
  await buildGo(module, join(output, "driver"));
}
