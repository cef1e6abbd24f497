import { rmSync } from "node:fs";
import { createDescriptorSetSource } from "../../src/schema/descriptor-set-source.ts";
import { createProtoSource } from "../../src/schema/proto-source.ts";
import { createReflectionSource } from "../../src/schema/reflection-source.ts";
import { errorResponse, respond, serveFiles, startBackend } from "../schema/reflection-backend.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";
import { compileProto } from "../support/compile-proto.ts";
import { testSchemaSource } from "./schema-source-contract.ts";

const protoOf = (name: string): string =>
  `syntax = "proto3"; package demo; message M { string id = 1; } service ${name} { rpc Get(M) returns (M); }`;

testSchemaSource("reflection", async () => {
  let name: string | undefined = "First";
  const backend = await startBackend(["v1"], (stream) => {
    if (name !== undefined) {
      serveFiles(() => compileFiles({ "demo.proto": protoOf(name ?? "") }))(stream);
      return;
    }
    stream.on("data", () => respond(stream, errorResponse(13, "broken")));
    stream.on("end", () => stream.end());
  });
  return {
    source: createReflectionSource({ name: "reflection of demo", upstream: "demo", invoke: backend.invoke }),
    offer: (next) => {
      name = next;
    },
    breakIt: () => {
      name = undefined;
    },
    close: backend.close,
  };
});

testSchemaSource("descriptor set", async () => {
  const folder = createTemporaryFolder({ "api.binpb": compileProto({ "demo.proto": protoOf("First") }).set });
  return {
    source: createDescriptorSetSource({ files: [`${folder.folder}/api.binpb`], upstreams: ["demo"] }),
    offer: (name) => void folder.write("api.binpb", compileProto({ "demo.proto": protoOf(name) }).set),
    breakIt: () => rmSync(`${folder.folder}/api.binpb`),
    close: folder.cleanUp,
  };
});

testSchemaSource("proto files", async () => {
  const folder = createTemporaryFolder({ "demo.proto": protoOf("First") });
  return {
    source: createProtoSource({ files: [`${folder.folder}/demo.proto`], upstreams: ["demo"] }),
    offer: (name) => void folder.write("demo.proto", protoOf(name)),
    breakIt: () => void folder.write("demo.proto", "syntax = proto3;"),
    close: folder.cleanUp,
  };
});
