// Writes api/*.pb.go from test/matrix/proto: `node test/matrix/backends/go/generate.ts`. The output is checked in, so
// that a build needs Go alone. Both schemas have the same file and symbol names, which one Go program cannot hold, so
// each lands behind a build tag: v2 with `-tags schema_v2`, v1 without.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { schemaVersions, writeSchema } from "../../schema.ts";
import { installGoPlugins, runProtoc } from "../../toolchain.ts";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
];
const apiFolder = join(import.meta.dirname, "api");

const path = await installGoPlugins(plugins);
const scratch = mkdtempSync(join(tmpdir(), "protogate-generate-"));
mkdirSync(apiFolder, { recursive: true });
for (const version of schemaVersions) {
  const protoFolder = join(scratch, version);
  const names = writeSchema(version, protoFolder);
  await runProtoc(
    protoFolder,
    [
      `--go_out=${protoFolder}`,
      "--go_opt=paths=source_relative",
      `--go-grpc_out=${protoFolder}`,
      "--go-grpc_opt=paths=source_relative",
      ...names,
    ],
    { PATH: `${path}${delimiter}${process.env.PATH ?? ""}` },
  );
  for (const name of names) {
    const changes = /^ *\/\/ v2: /m.test(readFileSync(join(scratch, "v1", name), "utf8"));
    // A file that is the same in both schemas needs no tag and is written once.
    if (!changes && version !== "v1") continue;
    const base = name.replace(/\.proto$/, "");
    for (const suffix of [".pb.go", "_grpc.pb.go"]) {
      const text = readFileSync(join(protoFolder, base + suffix), "utf8");
      const constraint = `//go:build ${version === "v2" ? "" : "!"}schema_v2\n\n`;
      const target = changes ? `${base}_${version}${suffix}` : base + suffix;
      writeFileSync(join(apiFolder, target), changes ? constraint + text : text);
    }
  }
}
rmSync(scratch, { recursive: true });
