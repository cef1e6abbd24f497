import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from "@bufbuild/protobuf/wkt";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as ServerReflectionV1alpha,
} from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { createReflectionServices } from "../../src/service/reflection-service.ts";
import { changeFile, compileFiles } from "../schema/schema-inputs.ts";
import { reflectedFiles } from "./reflected-proto.ts";
import {
  type Asked,
  ask,
  callOwn,
  decodeResponse,
  encodeRequest,
  filesOf,
  openReflection,
  reflectionOf,
  schemaOf,
} from "./reflection-fixture.ts";

const schema = schemaOf(reflectedFiles);
const service = reflectionOf(schema);
const symbol = (value: string): Asked => ({ case: "fileContainingSymbol", value });
const file = (value: string): Asked => ({ case: "fileByFilename", value });
const extension = (containingType: string, extensionNumber: number): Asked => ({
  case: "fileContainingExtension",
  value: { containingType, extensionNumber },
});

function namesOf(files: readonly Uint8Array[]): string[] {
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

const order = "shop/order.proto";
const found: readonly [why: string, asked: Asked, inFile: string][] = [
  ["a service", symbol("shop.Orders"), order],
  ["a method", symbol("shop.Orders.Get"), order],
  ["a method as people write it", symbol("shop.Orders/Watch"), order],
  ["a message", symbol("shop.Order"), order],
  ["a message of a file imported by another", symbol("shop.Base"), "shop/base.proto"],
  ["a nested message", symbol("shop.Order.Line"), order],
  ["the entry of a map", symbol("shop.Order.CountsEntry"), order],
  ["a field", symbol("shop.Order.base"), order],
  ["a member of a oneof", symbol("shop.Order.cash"), order],
  ["a oneof", symbol("shop.Order.how"), order],
  ["an enum", symbol("shop.State"), order],
  ["an enum's value stands beside the enum", symbol("shop.SOLD"), order],
  ["an enum's value as Java names it", symbol("shop.State.SOLD"), order],
  ["a nested enum", symbol("shop.Order.Size"), order],
  ["a nested enum's value", symbol("shop.Order.LARGE"), order],
  ["an enum's value two messages deep", symbol("shop.Order.Line.PIECE"), order],
  ["an extension", symbol("shop.state"), order],
  ["an extension declared in a message", symbol("shop.Order.Line.note"), order],
  ["a leading dot does no harm", symbol(".shop.Order"), order],
  ["a message outside every package", symbol("Alone"), "bare.proto"],
  ["an enum's value outside every package", symbol("BARE_ZERO"), "bare.proto"],
  ["a method outside every package", symbol("Solo.Do"), "bare.proto"],
  ["a message of the name __proto__", symbol("shop.__proto__"), order],
  ["a field of the name constructor", symbol("shop.__proto__.constructor"), order],
  ["a well-known type", symbol("google.protobuf.Timestamp"), "google/protobuf/timestamp.proto"],
  ["the gateway's health service", symbol("grpc.health.v1.Health"), "grpc/health/v1/health.proto"],
  ["its method", symbol("grpc.health.v1.Health.List"), "grpc/health/v1/health.proto"],
  ["reflection itself", symbol("grpc.reflection.v1.ServerReflection"), "grpc/reflection/v1/reflection.proto"],
  [
    "reflection's older version",
    symbol("grpc.reflection.v1alpha.ServerReflection"),
    "grpc/reflection/v1alpha/reflection.proto",
  ],
  [
    "error details, which any backend may send",
    symbol("google.rpc.BadRequest"),
    "google/rpc/error_details.proto",
  ],
  ["a file by its name", file(order), order],
  ["a file of the gateway by its name", file("grpc/health/v1/health.proto"), "grpc/health/v1/health.proto"],
  ["an extension by its number", extension("shop.Base", 120), order],
  ["a nested extension by its number", extension("shop.Base", 130), order],
];
for (const [why, asked, inFile] of found) {
  test(`reflection finds ${why}`, async () => {
    const [response] = await ask(service, asked);
    assert.equal(namesOf(filesOf(response))[0], inFile);
  });
}

const huge = "x".repeat(1_000_000);
const missing: readonly [why: string, asked: Asked, message: string][] = [
  ["a name that nothing has", symbol("shop.Nothing"), "no symbol shop.Nothing"],
  ["a member that a message lacks", symbol("shop.Order.nothing"), "no symbol shop.Order.nothing"],
  ["a method that a service lacks", symbol("shop.Orders.Put"), "no symbol shop.Orders.Put"],
  ["something inside an extension", symbol("shop.state.x"), "no symbol shop.state.x"],
  ["a package, which no file declares alone", symbol("shop"), "no symbol shop"],
  ["no name", symbol(""), "no symbol "],
  ["dots alone", symbol("..."), "no symbol ..."],
  ["a name that every JavaScript object has", symbol("__proto__"), "no symbol __proto__"],
  ["a file of such a name", file("constructor"), "no file constructor"],
  ["a huge name, shown in part", symbol(huge), `no symbol ${huge.slice(0, 120)}…`],
  ["a line break, which logs do not see", symbol("a\nb"), "no symbol a\\u{a}b"],
  ["a file that no source has", file("shop/nothing.proto"), "no file shop/nothing.proto"],
  ["a number without extension", extension("shop.Base", 121), "no extension 121 of shop.Base"],
  ["a negative number", extension("shop.Base", -1), "no extension -1 of shop.Base"],
  ["an extension of something unknown", extension("shop.Nothing", 120), "no extension 120 of shop.Nothing"],
  [
    "extension numbers of an enum",
    { case: "allExtensionNumbersOfType", value: "shop.State" },
    "no message shop.State",
  ],
];
for (const [why, asked, errorMessage] of missing) {
  test(`an answer says NOT_FOUND for ${why}, and the stream goes on`, async () => {
    const [response, next] = await ask(service, asked, symbol("shop.Order"));
    assert.equal(response?.messageResponse.case, "errorResponse");
    const { errorCode, errorMessage: told } = response.messageResponse.value;
    assert.deepEqual([errorCode, told], [Code.NOT_FOUND, errorMessage]);
    assert.equal(filesOf(next).length, 3);
  });
}

test("a request that asks for nothing known is UNIMPLEMENTED as data", async () => {
  const [response] = await ask(service, { case: undefined });
  assert.equal(response?.messageResponse.case, "errorResponse");
  assert.equal(response.messageResponse.value.errorCode, Code.UNIMPLEMENTED);
});

test("services are listed once each, sorted, the gateway's own among them", async () => {
  const doubled = reflectionOf({
    ...schema,
    serviceNames: [...schema.serviceNames, "grpc.health.v1.Health"],
  });
  const [response] = await ask(doubled, { case: "listServices", value: "" });
  assert.equal(response?.messageResponse.case, "listServicesResponse");
  assert.deepEqual(
    response.messageResponse.value.service.map(({ name }) => name),
    [
      "Solo",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "shop.Orders",
    ],
  );
});

test("extension numbers are told in ascending order under the type's plain name", async () => {
  const of = (value: string): Asked => ({ case: "allExtensionNumbersOfType", value });
  const responses = await ask(service, of("shop.Base"), of(".shop.Base"), of("shop.Plain"));
  assert.deepEqual(
    responses.map(({ messageResponse: it }) => {
      assert.equal(it.case, "allExtensionNumbersResponse");
      return [it.value.baseTypeName, it.value.extensionNumber];
    }),
    [
      ["shop.Base", [110, 120, 130]],
      ["shop.Base", [110, 120, 130]],
      ["shop.Plain", []],
    ],
  );
});

test("host and request come back with the answer", async () => {
  const request = encodeRequest(symbol("shop.Order"), "library.test");
  const reply = await openReflection(service, streamOf(request));
  for await (const message of reply.messages) {
    const { validHost, originalRequest } = decodeResponse(message);
    assert.equal(validHost, "library.test");
    assert.equal(originalRequest?.host, "library.test");
    assert.deepEqual(originalRequest.messageRequest, symbol("shop.Order"));
  }
});

test("files are sent byte for byte, with all they import, and imports once per stream", async () => {
  const bytesOf = (name: string): Uint8Array | undefined =>
    schema.files.find((it) => it.name === name)?.bytes;
  const responses = await ask(service, symbol("shop.Orders"), symbol("Alone"), file("shop/base.proto"));
  const [first, second, third] = responses.map(filesOf);
  assert.deepEqual(namesOf(first ?? []), [order, "shop/base.proto", "google/protobuf/timestamp.proto"]);
  assert.deepEqual(namesOf(second ?? []), ["bare.proto"]);
  assert.deepEqual(namesOf(third ?? []), ["shop/base.proto"], "what is asked for is sent again");
  const sources = new Map(reflectedFiles.map(({ name, bytes }) => [name, bytes]));
  for (const bytes of [...(first ?? []), ...(second ?? [])]) {
    const [name = ""] = namesOf([bytes]);
    if (name.startsWith("shop/")) assert.deepEqual(bytes, sources.get(name));
    assert.deepEqual(bytes, bytesOf(name));
  }
});

test("fields of descriptors that we do not know reach the client", async () => {
  const [plain] = compileFiles({ "a.proto": 'syntax = "proto3"; message A { string b = 1; }' });
  assert.ok(plain);
  // Field 9999 of FileDescriptorProto, length-delimited, "hi".
  const bytes = Buffer.concat([plain.bytes, Buffer.from([0xfa, 0xf0, 0x04, 0x02, 0x68, 0x69])]);
  const [response] = await ask(reflectionOf(schemaOf([{ name: "a.proto", bytes }])), symbol("A"));
  assert.deepEqual(Buffer.from(filesOf(response)[0] ?? []), bytes);
});

test("a file whose imports are too much for a message comes alone, and they by name", async () => {
  const [leaf, root] = compileFiles({
    "leaf.proto": 'syntax = "proto3"; message Leaf {}',
    "root.proto": 'syntax = "proto3"; import "leaf.proto"; message Root { Leaf leaf = 1; }',
  });
  assert.ok(leaf && root);
  const large = changeFile(leaf, (proto) => {
    const leadingComments = "x".repeat(3 * 1024 * 1024);
    const location = create(SourceCodeInfo_LocationSchema, {
      path: [4, 0],
      span: [0, 0, 1],
      leadingComments,
    });
    proto.sourceCodeInfo = create(SourceCodeInfoSchema, { location: [location] });
  });
  const responses = await ask(
    reflectionOf(schemaOf([large, root])),
    symbol("Root"),
    file("leaf.proto"),
    symbol("Root"),
  );
  assert.deepEqual(
    responses.map((response) => namesOf(filesOf(response))),
    [["root.proto"], ["leaf.proto"], ["root.proto"]],
  );
});

test("both versions of the service are the same on the wire", async () => {
  const services = createReflectionServices(schema);
  assert.deepEqual(
    services.map(({ desc }) => desc),
    [ServerReflection, ServerReflectionV1alpha],
  );
  const asked = encodeRequest(symbol("shop.Orders"), "here");
  const answers = await Promise.all(
    services.map(async (it) => {
      const { messages } = await openReflection(it, streamOf(asked));
      const step = await messages[Symbol.asyncIterator]().next();
      return step.value as Uint8Array;
    }),
  );
  assert.deepEqual(answers[0], answers[1]);
  const alpha = fromBinary(AlphaResponseSchema, answers[1] ?? new Uint8Array());
  assert.equal(alpha.messageResponse.case, "fileDescriptorResponse");
  assert.equal(alpha.originalRequest?.host, "here");
  assert.equal(alpha.$unknown, undefined);
});

test("bytes that are no request fail the stream with INVALID_ARGUMENT, and the requests are returned", async () => {
  let returned = false;
  const messages = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: Uint8Array.of(0x0a, 0xff) }),
      return: async () => {
        returned = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  const reply = await openReflection(service, messages);
  const iterator = reply.messages[Symbol.asyncIterator]();
  await assert.rejects(
    iterator.next(),
    (error) => error instanceof RpcError && error.code === Code.INVALID_ARGUMENT,
  );
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  assert.equal((await reply.trailer).size, 0);
  assert.ok(returned);
});

test("a method of another service has no handler", async () => {
  const [v1, v1alpha] = createReflectionServices(schema);
  const [method] = v1alpha?.desc.methods ?? [];
  assert.ok(v1 && method);
  assert.throws(() => v1.handlerOf(method), /has no handler/);
  await assert.rejects(callOwn(v1, "ServerReflectionInfo", { message: new Uint8Array() }), /takes a stream/);
});

test("ten thousand requests on one stream are answered one by one as they are pulled", async () => {
  const requestCount = 10_000;
  let asked = 0;
  async function* requests(): AsyncIterable<Uint8Array> {
    for (; asked < requestCount; asked++) {
      yield encodeRequest(asked % 2 === 0 ? symbol("shop.Order") : symbol(`shop.Nothing${asked}`));
    }
  }
  const { messages } = await openReflection(service, requests());
  let answered = 0;
  for await (const message of messages) {
    answered++;
    assert.ok(asked <= answered, "nothing is read ahead");
    const { messageResponse } = decodeResponse(message);
    assert.equal(messageResponse.case, answered % 2 === 1 ? "fileDescriptorResponse" : "errorResponse");
  }
  assert.equal(answered, requestCount);
});
