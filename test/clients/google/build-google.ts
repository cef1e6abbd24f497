// Gets Google's generated Python clients and the .proto files that they were generated from: the former from PyPI into a
// virtual environment, the latter from the packages that Google publishes for Node.
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { protocPath, run } from "../../matrix/toolchain.ts";

/** The roots of the descriptor set; protoc adds what they import. */
const roots = [
  "google/ai/generativelanguage/v1/generative_service.proto",
  "google/ai/generativelanguage/v1/model_service.proto",
  "google/cloud/secretmanager/v1/service.proto",
  "google/cloud/tasks/v2/cloudtasks.proto",
  "google/cloud/workflows/v1/workflows.proto",
];

export async function buildGoogle(output: string): Promise<void> {
  const python = join(output, "venv", "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(output, "venv")]);
  const requirements = join(import.meta.dirname, "requirements.txt");
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);

  const protos = join(output, "protos");
  rmSync(protos, { recursive: true, force: true });
  mkdirSync(protos);
  const packages = readFileSync(join(import.meta.dirname, "packages.txt"), "utf8")
    .trim()
    .split("\n");
  for (const name of packages) await unpackProtos(name, protos);

  // PyPI's packages bring the common files along, longrunning under another name than everybody imports.
  const [sitePackages] = globSync(join(output, "venv", "lib", "python3*", "site-packages"));
  if (sitePackages === undefined) throw new Error("the virtual environment has no site-packages");
  mkdirSync(join(protos, "google", "longrunning"), { recursive: true });
  copyFileSync(
    join(sitePackages, "google", "longrunning", "operations_proto.proto"),
    join(protos, "google", "longrunning", "operations.proto"),
  );
  const out = join(output, "schema.binpb");
  await run(protocPath(), [
    ...["-I", protos, "-I", sitePackages],
    ...["--include_imports", `--descriptor_set_out=${out}`],
    ...roots,
  ]);
}

/** The .proto files of one published package, without installing what it depends on. */
async function unpackProtos(name: string, protos: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "protogate-google-"));
  await run("npm", ["pack", "--silent", "--pack-destination", scratch, name]);
  const archive = `${name.replace(/^@/, "").replace("/", "-").replace("@", "-")}.tgz`;
  await run("tar", [
    ...["-xzf", join(scratch, archive), "-C", protos],
    ...["--strip-components=3", "package/build/protos"],
  ]);
  rmSync(scratch, { recursive: true });
}
