import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createFileRegistry, fromBinary, getOption } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { loadDescriptorSet } from "../../examples/library/descriptor-set.ts";
import { file_library, Library } from "../../examples/library/gen/library_pb.ts";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { createLibraryClient, failureOf, next } from "./library-client.ts";

let server: LibraryServer;
let client: ReturnType<typeof createLibraryClient>;
before(async () => {
  server = await startLibraryServer();
  client = createLibraryClient(server.port);
});
after(async () => {
  client.close();
  await server.close();
});

const services = [Library, Health, ServerReflection, ServerReflectionAlpha].map(({ typeName }) => typeName);

for (const service of [ServerReflection, ServerReflectionAlpha]) {
  describe(`reflection ${service.typeName}`, () => {
    const method = service.method.serverReflectionInfo as typeof ServerReflection.method.serverReflectionInfo;
    type Question = NonNullable<
      Parameters<
        ReturnType<typeof client.bidi<typeof method.input, typeof method.output>>["send"]
      >[0]["messageRequest"]
    >;
    async function ask(...questions: Question[]) {
      const { send, end, replies } = client.bidi(method);
      const answers = [];
      for (const messageRequest of questions) {
        send({ host: "here", messageRequest });
        answers.push((await next(replies)).messageResponse);
      }
      end();
      assert.equal((await replies.next()).done, true);
      return answers;
    }
    const filesOf = (answer: Awaited<ReturnType<typeof ask>>[number] | undefined): FileDescriptorProto[] => {
      assert.equal(answer?.case, "fileDescriptorResponse");
      return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    };

    test("lists every service that is there", async () => {
      const [answer] = await ask({ case: "listServices", value: "" });
      assert.equal(answer?.case, "listServicesResponse");
      assert.deepEqual(
        answer.value.service.map(({ name }) => name),
        services,
      );
    });

    test("describes every service so completely that a registry can be built of it", async () => {
      for (const name of services) {
        const [answer] = await ask({ case: "fileContainingSymbol", value: name });
        const file = filesOf(answer);
        // A registry reads imports before what needs them; the answer begins with what was asked for.
        const set = createFileRegistry({
          $typeName: "google.protobuf.FileDescriptorSet",
          file: file.reverse(),
        });
        assert.ok(set.getService(name));
      }
    });

    test("gives every file byte for byte as protoc wrote it, with its options and comments", async () => {
      const { bytes } = await loadDescriptorSet();
      const [answer] = await ask({ case: "fileByFilename", value: "library.proto" });
      assert.equal(answer?.case, "fileDescriptorResponse");
      for (const file of answer.value.fileDescriptorProto) {
        const { name } = fromBinary(FileDescriptorProtoSchema, file);
        assert.deepEqual(Buffer.from(file), Buffer.from(bytes.get(name) ?? []), name);
      }
      const [library] = filesOf(answer);
      assert.equal(library?.name, "library.proto");
      assert.ok((library?.sourceCodeInfo?.location.length ?? 0) > 0);
      const files = filesOf(answer).reverse();
      const registry = createFileRegistry({ $typeName: "google.protobuf.FileDescriptorSet", file: files });
      for (const rpc of registry.getService(Library.typeName)?.methods ?? []) {
        assert.notEqual(getOption(rpc, http).pattern.case, undefined, rpc.name);
      }
    });

    test("sends an import once in a stream", async () => {
      const [first, second] = await ask(
        { case: "fileContainingSymbol", value: "demo.library.v1.Book" },
        { case: "fileContainingSymbol", value: "demo.library.v1.Shelf" },
      );
      assert.ok(filesOf(first).length > 10);
      assert.deepEqual(
        filesOf(second).map(({ name }) => name),
        ["library.proto"],
      );
    });

    test("finds a symbol of any kind", async () => {
      const symbols = [
        "demo.library.v1.Book",
        "demo.library.v1.Book.LabelsEntry",
        "demo.library.v1.Book.title",
        "demo.library.v1.Book.origin",
        "demo.library.v1.BookFormat",
        "demo.library.v1.HARDCOVER",
        "demo.library.v1.Arrival.Reason",
        "demo.library.v1.Arrival.CREATED",
        "demo.library.v1.Library.GetBook",
      ];
      for (const value of symbols) {
        const [file] = filesOf((await ask({ case: "fileContainingSymbol", value }))[0]);
        assert.equal(file?.name, "library.proto", value);
      }
      const [annotations] = filesOf(
        (await ask({ case: "fileContainingSymbol", value: "google.api.http" }))[0],
      );
      assert.equal(annotations?.name, "google/api/annotations.proto");
      const [details] = filesOf(
        (await ask({ case: "fileContainingSymbol", value: "google.rpc.BadRequest" }))[0],
      );
      assert.equal(details?.name, "google/rpc/error_details.proto", "errors carry it, no request names it");
    });

    test("finds extensions by their number and numbers by their type", async () => {
      const containingType = "google.protobuf.MethodOptions";
      const [numbers, file] = await ask(
        { case: "allExtensionNumbersOfType", value: containingType },
        { case: "fileContainingExtension", value: { containingType, extensionNumber: 72295728 } },
      );
      assert.equal(numbers?.case, "allExtensionNumbersResponse");
      assert.deepEqual(numbers.value.extensionNumber, [72295728, 318379894]);
      assert.equal(filesOf(file)[0]?.name, "google/api/annotations.proto");
    });

    test("answers NOT_FOUND and goes on", async () => {
      const questions: Question[] = [
        { case: "fileByFilename", value: "nowhere.proto" },
        { case: "fileByFilename", value: "library" },
        { case: "fileContainingSymbol", value: "demo.library.v1.Nothing" },
        { case: "fileContainingSymbol", value: "demo.library.v1.Library.Nothing" },
        { case: "fileContainingSymbol", value: "" },
        { case: "fileContainingSymbol", value: "__proto__" },
        { case: "allExtensionNumbersOfType", value: "no.Type" },
        {
          case: "fileContainingExtension",
          value: { containingType: "demo.library.v1.Book", extensionNumber: 1 },
        },
      ];
      const answers = await ask(...questions, { case: "fileByFilename", value: "library.proto" });
      for (const [index, answer] of answers.slice(0, -1).entries()) {
        assert.equal(answer.case === "errorResponse" && answer.value.errorCode, status.NOT_FOUND, `${index}`);
      }
      assert.equal(answers.at(-1)?.case, "fileDescriptorResponse");
    });
  });
}

test("the descriptors of reflection are those of the generated code", async () => {
  const { registry } = await loadDescriptorSet();
  const served = registry.getFile("library.proto")?.proto;
  assert.ok(served);
  const { sourceCodeInfo: _, ...rest } = served;
  const { sourceCodeInfo: __, ...generated } = file_library.proto;
  assert.deepEqual(
    rest.messageType.map(({ name, field }) => [name, field.length]),
    generated.messageType.map(({ name, field }) => [name, field.length]),
    "run npm run gen",
  );
  assert.deepEqual(
    rest.service.map(({ method }) => method.map(({ name }) => name)),
    generated.service.map(({ method }) => method.map(({ name }) => name)),
  );
});

test("health knows every service, and says of others that it does not", async () => {
  for (const service of ["", ...services]) {
    assert.equal((await client.unary(Health.method.check, { service })).status, ServingStatus.SERVING);
  }
  await failureOf(client.unary(Health.method.check, { service: "no.Service" }), status.NOT_FOUND);
  const { statuses } = await client.unary(Health.method.list, {});
  assert.deepEqual(Object.keys(statuses).sort(), ["", ...services].sort());
});

test("a health watch tells the state at once and stays open until the caller leaves", async () => {
  const call = client.serverStream(Health.method.watch, { service: "no.Service" });
  const replies = call[Symbol.asyncIterator]();
  assert.equal((await next(replies)).status, ServingStatus.SERVICE_UNKNOWN);
  call.cancel();
  await failureOf(replies.next(), status.CANCELLED);
});

const grpcurl = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "grpcurl"))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

test("grpcurl, which was not written here, lists, describes and calls by reflection", {
  skip: grpcurl === undefined && "SKIPPED: grpcurl is not in PATH, nothing foreign checks the reflection",
}, async () => {
  const run = async (...args: string[]) =>
    (await promisify(execFile)(grpcurl ?? "", ["-plaintext", ...args])).stdout;
  const address = `127.0.0.1:${server.port}`;
  assert.match(await run(address, "list"), /^demo\.library\.v1\.Library$/m);
  assert.match(await run(address, "describe", "demo.library.v1.Library.GetBook"), /shelves\/\*\/books\/\*/);
  const reply = await run("-d", '{"name":"shelves/7/books/9"}', address, "demo.library.v1.Library/GetBook");
  assert.equal(JSON.parse(reply).accessionNumber, "9007199254741037");
});
