// Writes parity/*.go and matrix/*.go from parity.proto and test/matrix/proto: `node
// test/clients/grpc-gateway-peer/generate.ts`. The output is checked in, so that a build needs Go alone.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { writeSchema } from "../../matrix/schema.ts";
import { installGoPlugins, runProtoc } from "../../matrix/toolchain.ts";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
  "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.33.0",
];
const relative = "paths=source_relative";

const path = await installGoPlugins(plugins);
const env = { PATH: `${path}${delimiter}${process.env.PATH ?? ""}` };

const parity = join(import.meta.dirname, "parity");
mkdirSync(parity, { recursive: true });
await runProtoc(
  import.meta.dirname,
  [
    ...["go", "go-grpc", "grpc-gateway"].flatMap((name) => [
      `--${name}_out=${parity}`,
      `--${name}_opt=${relative}`,
    ]),
    "parity.proto",
    "children.proto",
  ],
  env,
);

// The matrix has its messages in a module of its own; only the gateway's part is written here.
const scratch = mkdtempSync(join(tmpdir(), "protogate-generate-"));
const matrix = join(import.meta.dirname, "matrix");
mkdirSync(matrix, { recursive: true });
writeSchema("v1", scratch);
await runProtoc(
  scratch,
  [`--grpc-gateway_out=${matrix}`, `--grpc-gateway_opt=${relative},standalone=true`, "matrix.proto"],
  env,
);
rmSync(scratch, { recursive: true });
