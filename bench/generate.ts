// Writes the Go code of bench/backend/bench.proto: `node bench/generate.ts`. The output is checked in, so that the
// benchmark builds with Go alone.
import { delimiter, join } from "node:path";
import { installGoPlugins, runProtoc } from "../test/matrix/toolchain.ts";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
  "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.33.0",
];
const backend = join(import.meta.dirname, "backend");
const api = join(backend, "api");
const gateway = join(import.meta.dirname, "peers", "grpc-gateway", "gateway");

const path = await installGoPlugins(plugins);
await runProtoc(
  backend,
  [
    `--go_out=${api}`,
    "--go_opt=paths=source_relative",
    `--go-grpc_out=${api}`,
    "--go-grpc_opt=paths=source_relative",
    `--grpc-gateway_out=${gateway}`,
    // In a package apart from the messages: the backend does not depend on grpc-gateway.
    "--grpc-gateway_opt=paths=source_relative,standalone=true",
    "bench.proto",
  ],
  { PATH: `${path}${delimiter}${process.env.PATH ?? ""}` },
);
