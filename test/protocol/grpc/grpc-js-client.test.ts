// The real client, @grpc/grpc-js, through the gateway to a real backend.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import {
  type CallOptions,
  Client,
  type ClientOptions,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { createGrpcProtocol } from "../../../src/protocol/grpc/grpc-protocol.ts";
import { decodeGrpcStatusDetails } from "../../../src/wire/grpc-status-details.ts";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { until } from "../../server/open-listener.ts";
import { failureOf, metadataOf } from "../backend-failure.ts";
import { pathOf } from "../note-service.ts";
import { type EdgeOptions, openGateway } from "./grpc-fixture.ts";

const same = (bytes: Buffer): Buffer => bytes;
const hello = Buffer.from([0x0a, 1, 0x37]);

async function clientOf(
  context: TestContext,
  handlers: BackendHandlers,
  options: EdgeOptions & { readonly client?: ClientOptions } = {},
): Promise<Client> {
  const port = await openGateway(context, createGrpcProtocol, handlers, options);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options.client);
  context.after(() => client.close());
  return client;
}

interface UnaryOutcome {
  readonly error: ServiceError | null;
  readonly message: Buffer | undefined;
  readonly header: Metadata | undefined;
  readonly status: StatusObject;
}

function callUnary(
  client: Client,
  message: Buffer,
  { path = pathOf("Unary"), metadata = new Metadata(), ...options }: CallInput = {},
): Promise<UnaryOutcome> {
  return new Promise((resolve) => {
    let header: Metadata | undefined;
    let outcome: Pick<UnaryOutcome, "error" | "message"> | undefined;
    let status: StatusObject | undefined;
    const settle = (): void => {
      if (outcome && status) resolve({ ...outcome, header, status });
    };
    const call = client.makeUnaryRequest(path, same, same, message, metadata, options, (error, reply) => {
      outcome = { error, message: reply };
      settle();
    });
    call.on("metadata", (got: Metadata) => {
      header = got;
    });
    call.on("status", (got: StatusObject) => {
      status = got;
      settle();
    });
  });
}

type CallInput = CallOptions & { readonly path?: string; readonly metadata?: Metadata };

test("a unary call carries metadata both ways, binary and repeated entries in order, and the trailer", async (context) => {
  let seen: Metadata | undefined;
  const client = await clientOf(context, {
    Unary(call, callback) {
      seen = call.metadata;
      call.sendMetadata(metadataOf({ "x-head": "1", "x-head-bin": Buffer.from([0, 255]) }));
      callback(null, call.request, metadataOf({ "x-tail": "2", "x-tail-bin": Buffer.from([1, 254]) }));
    },
  });
  const metadata = metadataOf({ "x-one": "a", "x-one-bin": Buffer.from([0, 1, 2]) });
  metadata.add("x-one", "b");
  metadata.add("x-one-bin", Buffer.from([3]));
  const { error, message, header, status } = await callUnary(client, hello, { metadata });
  assert.equal(error, null);
  assert.deepEqual(message, hello);
  assert.deepEqual(seen?.get("x-one"), ["a, b"]);
  assert.deepEqual(seen?.get("x-one-bin"), [Buffer.from([0, 1, 2]), Buffer.from([3])]);
  assert.deepEqual(seen?.get("x-forwarded-for"), ["127.0.0.1"]);
  assert.deepEqual(header?.get("x-head"), ["1"]);
  assert.deepEqual(header?.get("x-head-bin"), [Buffer.from([0, 255])]);
  assert.deepEqual(status.metadata.get("x-tail"), ["2"]);
  assert.deepEqual(status.metadata.get("x-tail-bin"), [Buffer.from([1, 254])]);
});

test("gRPC's trace context, tags and attempt number reach the backend, other grpc- names do not", async (context) => {
  let seen: Metadata | undefined;
  const client = await clientOf(context, {
    Unary(call, callback) {
      seen = call.metadata;
      callback(null, call.request);
    },
  });
  const trace = Buffer.from([0, 0, 1]);
  const metadata = metadataOf({
    "grpc-trace-bin": trace,
    "grpc-tags-bin": trace,
    "grpc-previous-rpc-attempts": "2",
    "grpc-other": "x",
  });
  await callUnary(client, hello, { metadata });
  assert.deepEqual(seen?.get("grpc-trace-bin"), [trace]);
  assert.deepEqual(seen?.get("grpc-tags-bin"), [trace]);
  assert.deepEqual(seen?.get("grpc-previous-rpc-attempts"), ["2"]);
  assert.deepEqual(seen?.get("grpc-other"), []);
});

test("a failure keeps code, a message that is not ASCII, details once, trailer and header", async (context) => {
  const detail = { typeUrl: "type.googleapis.com/t.Odd", value: Uint8Array.of(1, 2, 3) };
  const client = await clientOf(context, {
    Unary(call, callback) {
      call.sendMetadata(metadataOf({ "x-head": "1" }));
      callback(failureOf(9, "grün % \n", [detail], { "x-tail": "2" }));
    },
  });
  const { error, header, status } = await callUnary(client, hello);
  assert.equal(error?.code, 9);
  assert.equal(error?.details, "grün % \n");
  assert.deepEqual(header?.get("x-head"), ["1"]);
  assert.deepEqual(status.metadata.get("x-tail"), ["2"]);
  const details = status.metadata.get("grpc-status-details-bin");
  assert.equal(details.length, 1);
  const decoded = decodeGrpcStatusDetails((details[0] as Buffer).toString("base64"));
  assert.deepEqual(decoded?.code, 9);
  assert.deepEqual(decoded?.message, "grün % \n");
  assert.deepEqual(
    decoded?.details.map(({ typeUrl, value }) => ({ typeUrl, value: Uint8Array.from(value) })),
    [detail],
  );
});

test("a backend's advice on retries reaches the client", async (context) => {
  const client = await clientOf(context, {
    Unary: (_call, callback) => callback(failureOf(14, "busy", [], { "grpc-retry-pushback-ms": "250" })),
  });
  const { status } = await callUnary(client, hello);
  assert.equal(status.code, 14);
  assert.deepEqual(status.metadata.get("grpc-retry-pushback-ms"), ["250"]);
});

test("a method that nobody has is UNIMPLEMENTED", async (context) => {
  const client = await clientOf(context, {});
  const { error } = await callUnary(client, hello, { path: "/test.Transport/Nope" });
  assert.equal(error?.code, 12);
  assert.match(error?.details ?? "", /\/test\.Transport\/Nope/);
});

test("a server stream arrives message by message and ends with its trailer", async (context) => {
  const client = await clientOf(context, {
    ServerStreaming(call) {
      call.sendMetadata(metadataOf({ "x-head": "1" }));
      for (const byte of [1, 2, 3]) call.write(Buffer.from([byte]));
      call.end(metadataOf({ "x-tail": "2" }));
    },
  });
  const call = client.makeServerStreamRequest(pathOf("ServerStreaming"), same, same, hello);
  const status = once(call, "status");
  const header = once(call, "metadata");
  const messages: Buffer[] = [];
  for await (const message of call) messages.push(message);
  assert.deepEqual(Buffer.concat(messages), Buffer.from([1, 2, 3]));
  assert.deepEqual((await header)[0].get("x-head"), ["1"]);
  const [{ code, metadata }] = await status;
  assert.equal(code, 0);
  assert.deepEqual(metadata.get("x-tail"), ["2"]);
});

test("a stream that fails after messages ends with its status, details and trailer", async (context) => {
  const detail = { typeUrl: "type.googleapis.com/t.Odd", value: Uint8Array.of(7) };
  const client = await clientOf(context, {
    ServerStreaming(call) {
      call.write(hello);
      call.emit("error", failureOf(15, "lost", [detail], { "x-tail": "2" }));
    },
  });
  const call = client.makeServerStreamRequest(pathOf("ServerStreaming"), same, same, hello);
  const messages: Buffer[] = [];
  call.on("data", (message: Buffer) => messages.push(message));
  const [error] = await once(call, "error");
  assert.equal(messages.length, 1);
  assert.equal(error.code, 15);
  assert.equal(error.details, "lost");
  assert.deepEqual(error.metadata.get("x-tail"), ["2"]);
  assert.equal(error.metadata.get("grpc-status-details-bin").length, 1);
});

test("a client stream is one reply to all its messages", async (context) => {
  const client = await clientOf(context, {
    ClientStreaming(call, callback) {
      const seen: Buffer[] = [];
      call.on("data", (message: Buffer) => seen.push(message));
      call.on("end", () => callback(null, Buffer.concat(seen)));
    },
  });
  const reply = new Promise<Buffer | undefined>((resolve, reject) => {
    const call = client.makeClientStreamRequest(pathOf("ClientStreaming"), same, same, (error, message) =>
      error ? reject(error) : resolve(message),
    );
    for (const byte of [1, 2, 3]) call.write(Buffer.from([byte]));
    call.end();
  });
  assert.deepEqual(await reply, Buffer.from([1, 2, 3]));
});

test("a bidi stream is full duplex: each message is answered before the next is sent", async (context) => {
  const client = await clientOf(context, {
    Bidi(call) {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  });
  const call = client.makeBidiStreamRequest(pathOf("Bidi"), same, same);
  for (const byte of [1, 2, 3]) {
    call.write(Buffer.from([byte]));
    const [message] = await once(call, "data");
    assert.deepEqual(message, Buffer.from([byte]));
  }
  const status = once(call, "status");
  call.end();
  assert.equal((await status)[0].code, 0);
});

test("the header of a stream arrives before its first message", async (context) => {
  const go = Promise.withResolvers<void>();
  const client = await clientOf(context, {
    Bidi(call) {
      call.sendMetadata(metadataOf({ "x-head": "1" }));
      void go.promise.then(() => call.end());
      call.resume();
    },
  });
  const call = client.makeBidiStreamRequest(pathOf("Bidi"), same, same);
  const [header] = await once(call, "metadata");
  assert.deepEqual(header.get("x-head"), ["1"]);
  go.resolve();
  call.resume();
  call.end();
  await once(call, "status");
});

test("the deadline reaches the backend, and the call ends with DEADLINE_EXCEEDED", async (context) => {
  let leftMs = Number.NaN;
  const cancelled = Promise.withResolvers<void>();
  const client = await clientOf(context, {
    Unary(call) {
      leftMs = Number(call.getDeadline()) - Date.now();
      call.on("cancelled", () => cancelled.resolve());
    },
  });
  const { error } = await callUnary(client, hello, { deadline: Date.now() + 300 });
  assert.equal(error?.code, 4);
  assert.ok(leftMs > 0 && leftMs <= 300, `${leftMs} ms`);
  await cancelled.promise;
});

for (const kind of ["Unary", "ServerStreaming", "ClientStreaming", "Bidi"] as const) {
  test(`a client that cancels ${kind} is seen by the backend`, async (context) => {
    let started = false;
    let cancelled = false;
    const wait = (call: { on(event: "cancelled", listener: () => void): unknown }): void => {
      started = true;
      call.on("cancelled", () => {
        cancelled = true;
      });
    };
    const client = await clientOf(context, {
      Unary: wait,
      ServerStreaming: wait,
      ClientStreaming: wait,
      Bidi: wait,
    });
    const path = pathOf(kind);
    const ignore = (): void => {};
    const call =
      kind === "Unary"
        ? client.makeUnaryRequest(path, same, same, hello, ignore)
        : kind === "ServerStreaming"
          ? client.makeServerStreamRequest(path, same, same, hello)
          : kind === "ClientStreaming"
            ? client.makeClientStreamRequest(path, same, same, ignore)
            : client.makeBidiStreamRequest(path, same, same);
    call.on("error", ignore);
    await until(() => started);
    call.cancel();
    await until(() => cancelled);
  });
}

for (const [name, algorithm] of [
  ["gzip", compressionAlgorithms.gzip],
  ["deflate", compressionAlgorithms.deflate],
] as const) {
  test(`messages compressed with ${name} reach the backend plain, and the answer is understood`, async (context) => {
    let seen: Buffer | undefined;
    const client = await clientOf(
      context,
      {
        Unary(call, callback) {
          seen = call.request;
          callback(null, call.request);
        },
      },
      { client: { "grpc.default_compression_algorithm": algorithm } },
    );
    const text = Buffer.from("lorem ipsum ".repeat(100));
    const { message } = await callUnary(client, text);
    assert.deepEqual(seen, text);
    assert.deepEqual(message, text);
  });
}

const sizes: readonly [bytes: number, code: number | undefined, why: string][] = [
  [100_000, undefined, "exactly the limit passes"],
  [100_001, 8, "one byte more does not"],
  [5 * 1024 * 1024, 8, "and 5 MB are not read"],
];
for (const [bytes, code, why] of sizes) {
  for (const compressed of [false, true]) {
    const how = compressed ? "compressed" : "plain";
    test(`a ${how} message of ${bytes} bytes ends with ${code ?? "OK"}: ${why}`, async (context) => {
      const client = await clientOf(
        context,
        { Unary: (call, callback) => callback(null, Buffer.from([call.request.length & 0xff])) },
        { client: compressed ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {} },
      );
      const { error } = await callUnary(client, Buffer.alloc(bytes));
      assert.equal(error?.code, code);
    });
  }
}

test("a 5 MB message passes both ways where the limit allows it", async (context) => {
  const client = await clientOf(
    context,
    { Unary: (call, callback) => callback(null, call.request) },
    { maxRequestBytes: 8 * 1024 * 1024, client: { "grpc.max_receive_message_length": -1 } },
  );
  const message = Buffer.alloc(5 * 1024 * 1024, "x");
  const outcome = await callUnary(client, message);
  assert.equal(outcome.error, null);
  assert.ok(outcome.message?.equals(message));
});
