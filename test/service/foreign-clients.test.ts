// The gateway's own services as other people's clients see them: grpcurl, buf curl and grpcio over a real listener.
// Each is left out, with a sentence, where it is not installed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { create, createRegistry } from "@bufbuild/protobuf";
import { SourceCodeInfo_LocationSchema, SourceCodeInfoSchema } from "@bufbuild/protobuf/wkt";
import { defaultJsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { createMethodLookup } from "../../src/gateway/served-methods.ts";
import { createGrpcProtocol } from "../../src/protocol/grpc/grpc-protocol.ts";
import type { Handler } from "../../src/rpc/call.ts";
import { Header } from "../../src/rpc/header.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { createHealthService } from "../../src/service/health-service.ts";
import { createReflectionServices } from "../../src/service/reflection-service.ts";
import { changeFile, compileFiles } from "../schema/schema-inputs.ts";
import { openListener } from "../server/open-listener.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { reflectedFiles } from "./reflected-proto.ts";
import { schemaOf } from "./reflection-fixture.ts";

const execute = promisify(execFile);

/** Where a program is: on the path, or where Go installs. */
function programOf(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), join(homedir(), "go", "bin")];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

const python = join(import.meta.dirname, "../../.cache/matrix/python/venv/bin/python");

const echo: Handler = async (call) => {
  assert.equal(call.kind, "unary");
  return { kind: "unary", header: new Header(), message: call.message, trailer: new Header() };
};

/** Its imports do not fit into one message with it, so that clients have to ask for them. */
function largeFiles(): SchemaFile[] {
  const files = compileFiles({
    "large/leaf.proto": 'syntax = "proto3"; package large; message Leaf { string name = 1; }',
    "large/root.proto": `syntax = "proto3"; package large; import "large/leaf.proto";
      service Roots { rpc Get(Leaf) returns (Leaf); }`,
  });
  return files.map((file) =>
    file.name === "large/leaf.proto"
      ? changeFile(file, (proto) => {
          const leadingComments = "x".repeat(3 * 1024 * 1024);
          const location = create(SourceCodeInfo_LocationSchema, {
            path: [4, 0],
            span: [0, 0, 1],
            leadingComments,
          });
          proto.sourceCodeInfo = create(SourceCodeInfoSchema, { location: [location] });
        })
      : file,
  );
}

/** A listener that serves the schema's methods as echoes beside the gateway's own; its port. */
async function openGateway(context: TestContext): Promise<number> {
  const schema = schemaOf([
    ...reflectedFiles,
    ...largeFiles(),
    ...compileFiles({
      "routed.proto": `syntax = "proto3"; package routed; import "google/api/annotations.proto";
        message Thing { string name = 1; }
        service Things { rpc Get(Thing) returns (Thing) { option (google.api.http) = { get: "/v1/{name}" }; } }`,
    }),
  ]);
  const services = schema.serviceNames.flatMap((name) => schema.registry.getService(name) ?? []);
  const health = createHealthService({
    statusOf: (name) => (name === "" || name === "routed.Things" ? "serving" : "unknown_service"),
    services: () => ["routed.Things"],
    draining: () => false,
    onChange: () => () => {},
  });
  const methodOf = createMethodLookup({
    services,
    handlerOf: () => echo,
    ownServices: [health, ...createReflectionServices(schema)],
    interceptorsOf: () => [],
    codec: createCodec(createRegistry(schema.registry), defaultJsonOptions),
  });
  const protocol = createGrpcProtocol({
    methodOf,
    maxRequestBytes: 4 * 1024 * 1024,
    minCompressedBytes: Number.POSITIVE_INFINITY,
    logger: silentLogger,
  });
  const listener = await openListener(context, (request) => protocol.handle(request));
  return listener.port;
}

const grpcurl = programOf("grpcurl");

test("grpcurl lists, describes and calls", { skip: !grpcurl && "there is no grpcurl" }, async (context) => {
  const port = await openGateway(context);
  const run = async (before: readonly string[], after: readonly string[]): Promise<string> => {
    const args = ["-plaintext", ...before, `127.0.0.1:${port}`, ...after];
    return (await execute(grpcurl ?? "", args)).stdout.trim();
  };
  assert.deepEqual((await run([], ["list"])).split("\n"), [
    "Solo",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "large.Roots",
    "routed.Things",
    "shop.Orders",
  ]);
  assert.equal(await run([], ["list", "shop.Orders"]), "shop.Orders.Get\nshop.Orders.Watch");
  const described: readonly [symbol: string, text: RegExp][] = [
    ["shop.Order", /map<string, int32> counts = 4;/],
    ["shop.Order.card", /card/],
    ["shop.Orders.Watch", /rpc Watch \( \.shop\.Order \) returns \( stream \.shop\.Order \)/],
    ["shop.SOLD", /SOLD = 1/],
    ["shop.state", /extend/],
    ["Alone", /\.shop\.Order order = 1;/],
    ["routed.Things", /option \(\.google\.api\.http\) = \{ get: "\/v1\/\{name\}" \}/],
    ["grpc.health.v1.Health", /rpc List/],
    ["google.rpc.BadRequest", /field_violations/],
  ];
  for (const [symbol, text] of described) assert.match(await run([], ["describe", symbol]), text, symbol);
  await assert.rejects(run([], ["describe", "shop.Nothing"]), /not found|NotFound|no symbol/i);

  const thing = JSON.stringify({ name: "x" });
  assert.deepEqual(JSON.parse(await run(["-d", thing], ["routed.Things/Get"])), { name: "x" });
  assert.deepEqual(JSON.parse(await run(["-d", thing], ["large.Roots/Get"])), { name: "x" });
  assert.deepEqual(JSON.parse(await run([], ["grpc.health.v1.Health/Check"])), { status: "SERVING" });
  assert.deepEqual(JSON.parse(await run([], ["grpc.health.v1.Health/List"])), {
    statuses: { "": { status: "SERVING" }, "routed.Things": { status: "SERVING" } },
  });
  const nothing = JSON.stringify({ service: "no.Thing" });
  await assert.rejects(run(["-d", nothing], ["grpc.health.v1.Health/Check"]), /NotFound/);
  await assert.rejects(
    run(["-d", nothing, "-max-time", "1"], ["grpc.health.v1.Health/Watch"]),
    (error: { stdout: string }) => /SERVICE_UNKNOWN/.test(error.stdout),
  );
});

const buf = process.env.BUF ?? programOf("buf");

test("buf curl lists methods and calls", { skip: !buf && "there is no buf" }, async (context) => {
  const url = `http://127.0.0.1:${await openGateway(context)}`;
  const args = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
  const run = async (rest: readonly string[]): Promise<string> =>
    (await execute(buf ?? "", [...args, ...rest])).stdout.trim();
  const methods = (await run(["--list-methods", url])).split("\n");
  for (const method of ["routed.Things/Get", "shop.Orders/Watch", "grpc.health.v1.Health/Check"]) {
    assert.ok(methods.includes(method), method);
  }
  for (const method of ["routed.Things/Get", "large.Roots/Get"]) {
    const answer = await run(["-d", JSON.stringify({ name: "x" }), `${url}/${method}`]);
    assert.deepEqual(JSON.parse(answer), { name: "x" });
  }
});

const script = `
import sys, grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
with grpc.insecure_channel("127.0.0.1:" + sys.argv[1]) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    for name in sorted(database.get_services()):
        print(name, *(method.name for method in pool.FindServiceByName(name).methods))
    base = pool.FindMessageTypeByName("shop.Base")
    print(*sorted(extension.number for extension in pool.FindAllExtensions(base)))
`;

test("grpcio's descriptor database holds every service", {
  skip: !existsSync(python) && "the matrix has not built its Python",
}, async (context) => {
  const port = await openGateway(context);
  const { stdout } = await execute(python, ["-c", script, String(port)]);
  assert.deepEqual(stdout.trim().split("\n"), [
    "Solo Do",
    "grpc.health.v1.Health Check Watch List",
    "grpc.reflection.v1.ServerReflection ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection ServerReflectionInfo",
    "large.Roots Get",
    "routed.Things Get",
    "shop.Orders Get Watch",
    "110 120 130",
  ]);
});
