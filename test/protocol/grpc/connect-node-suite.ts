// What a client library must get through the gateway, whichever protocol of the gRPC family it speaks: one suite, with
// @connectrpc/connect-node as the client and a real gRPC backend behind.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { BadRequestSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { until } from "../../server/open-listener.ts";
import { failureOf, metadataOf } from "../backend-failure.ts";
import { descOf, type Note, note, readNote } from "../note-service.ts";
import { type CreateProtocol, openGateway } from "./grpc-fixture.ts";

/** What of a connect transport's options is about compression. */
type CompressionOptions = Partial<{
  sendCompression: typeof compressionGzip;
  acceptCompression: (typeof compressionGzip)[];
  compressMinBytes: number;
}>;

export interface ConnectedClient {
  readonly transport: Transport;
  close(): void;
}

export interface ConnectVariant {
  readonly name: string;
  readonly create: CreateProtocol;
  /** Whether a client can read replies while it still sends. */
  readonly fullDuplex: boolean;
  connect(baseUrl: string, compression: CompressionOptions): ConnectedClient;
}

const compressionOf: Readonly<Record<"identity" | "gzip" | "br", CompressionOptions>> = {
  identity: { acceptCompression: [] },
  gzip: { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 0 },
  br: { sendCompression: compressionBrotli, acceptCompression: [compressionBrotli], compressMinBytes: 0 },
};

const unaryDesc = descOf("Unary") as DescMethodUnary;
const streamDesc = (name: "ServerStreaming" | "ClientStreaming" | "Bidi"): DescMethodStreaming =>
  descOf(name) as DescMethodStreaming;

async function* notes(...ids: readonly string[]): AsyncGenerator<Record<string, unknown>> {
  for (const id of ids) yield { id };
}

async function idsOf(messages: AsyncIterable<unknown>): Promise<string[]> {
  const ids: string[] = [];
  for await (const message of messages) ids.push((message as Note).id);
  return ids;
}

const badRequestDetail = {
  typeUrl: "type.googleapis.com/google.rpc.BadRequest",
  // field_violations { field: "text" description: "too long" }
  value: Buffer.from("0a100a04746578741208746f6f206c6f6e67", "hex"),
};

/** Declares the tests of one variant. */
export function testConnectClient(variant: ConnectVariant): void {
  const { name, create, connect, fullDuplex } = variant;
  const open = async (
    context: TestContext,
    handlers: BackendHandlers,
    compression: CompressionOptions = {},
  ): Promise<Transport> => {
    // Before the listener closes: connect-node takes a GOAWAY without a stream for an error that nobody catches.
    let close: (() => void) | undefined;
    context.after(() => close?.());
    const port = await openGateway(context, create, handlers);
    const client = connect(`http://127.0.0.1:${port}`, compression);
    close = client.close;
    return client.transport;
  };

  for (const [how, compression] of Object.entries(compressionOf)) {
    test(`${name}, ${how}: a unary call carries message, header and trailer both ways`, async (context) => {
      let seen: unknown[] = [];
      const transport = await open(
        context,
        {
          Unary(call, callback) {
            seen = [...call.metadata.get("x-one"), ...call.metadata.get("x-one-bin")];
            call.sendMetadata(metadataOf({ "x-head": "1" }));
            callback(null, call.request, metadataOf({ "x-tail-bin": Buffer.from([0, 255]) }));
          },
        },
        compression,
      );
      const text = "lorem ipsum ".repeat(50);
      const header = { "x-one": "a", "x-one-bin": "AAE" };
      const reply = await transport.unary(unaryDesc, undefined, undefined, header, { id: "7", text });
      assert.equal((reply.message as Note).text, text);
      assert.deepEqual(seen, ["a", Buffer.from([0, 1])]);
      assert.equal(reply.header.get("x-head"), "1");
      assert.equal(reply.trailer.get("x-tail-bin"), "AP8");
    });
  }

  test(`${name}: a server stream arrives whole, with its trailer`, async (context) => {
    const transport = await open(context, {
      ServerStreaming(call) {
        for (const id of ["1", "2", "3"]) call.write(note({ id }));
        call.end(metadataOf({ "x-tail": "2" }));
      },
    });
    const desc = streamDesc("ServerStreaming");
    const reply = await transport.stream(desc, undefined, undefined, undefined, notes("0"));
    assert.deepEqual(await idsOf(reply.message), ["1", "2", "3"]);
    assert.equal(reply.trailer.get("x-tail"), "2");
  });

  test(`${name}: a stream without messages ends well`, async (context) => {
    const transport = await open(context, { ServerStreaming: (call) => call.end() });
    const desc = streamDesc("ServerStreaming");
    const reply = await transport.stream(desc, undefined, undefined, undefined, notes("0"));
    assert.deepEqual(await idsOf(reply.message), []);
  });

  test(`${name}: a client stream is answered once`, async (context) => {
    const transport = await open(context, {
      ClientStreaming(call, callback) {
        const ids: string[] = [];
        call.on("data", (message: Buffer) => ids.push(readNote(message).id));
        call.on("end", () => callback(null, note({ id: ids.join("") })));
      },
    });
    const desc = streamDesc("ClientStreaming");
    const reply = await transport.stream(desc, undefined, undefined, undefined, notes("1", "2", "3"));
    assert.deepEqual(await idsOf(reply.message), ["123"]);
  });

  test(`${name}: a bidi stream is carried ${fullDuplex ? "in both directions at once" : "half-duplex"}`, async (context) => {
    const transport = await open(context, {
      Bidi(call) {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
      },
    });
    const answered = Promise.withResolvers<void>();
    async function* requests(): AsyncGenerator<Record<string, unknown>> {
      yield { id: "1" };
      // Only a client that reads while it sends gets beyond this.
      if (fullDuplex) await answered.promise;
      yield { id: "2" };
    }
    const reply = await transport.stream(streamDesc("Bidi"), undefined, undefined, undefined, requests());
    const ids: string[] = [];
    for await (const message of reply.message) {
      ids.push((message as unknown as Note).id);
      answered.resolve();
    }
    assert.deepEqual(ids, ["1", "2"]);
  });

  test(`${name}: an error keeps code, text, details and trailer`, async (context) => {
    const transport = await open(context, {
      Unary: (_call, callback) => callback(failureOf(9, "grün %", [badRequestDetail], { "x-tail": "2" })),
    });
    const error = await transport
      .unary(unaryDesc, undefined, undefined, undefined, {})
      .catch(ConnectError.from);
    assert.ok(error instanceof ConnectError);
    assert.equal(error.code, Code.FailedPrecondition);
    assert.equal(error.rawMessage, "grün %");
    assert.equal(error.metadata.get("x-tail"), "2");
    const [detail] = error.findDetails(BadRequestSchema);
    assert.equal(detail?.fieldViolations[0]?.description, "too long");
  });

  test(`${name}: an error in the middle of a stream comes after its messages`, async (context) => {
    const transport = await open(context, {
      ServerStreaming(call) {
        call.write(note({ id: "1" }));
        call.emit("error", failureOf(15, "lost", [badRequestDetail], { "x-tail": "2" }));
      },
    });
    const desc = streamDesc("ServerStreaming");
    const reply = await transport.stream(desc, undefined, undefined, undefined, notes("0"));
    const ids: string[] = [];
    const error = await (async () => {
      for await (const message of reply.message) ids.push((message as unknown as Note).id);
      return undefined;
    })().catch(ConnectError.from);
    assert.deepEqual(ids, ["1"]);
    assert.equal(error?.code, Code.DataLoss);
    assert.equal(error?.metadata.get("x-tail"), "2");
    assert.equal(error?.findDetails(BadRequestSchema).length, 1);
  });

  test(`${name}: a timeout reaches the backend and ends the call`, async (context) => {
    let cancelled = false;
    const transport = await open(context, {
      Unary(call) {
        call.on("cancelled", () => {
          cancelled = true;
        });
      },
    });
    const error = await transport.unary(unaryDesc, undefined, 200, undefined, {}).catch(ConnectError.from);
    assert.ok(error instanceof ConnectError);
    assert.equal(error.code, Code.DeadlineExceeded);
    await until(() => cancelled);
  });

  test(`${name}: a client that goes away is seen by the backend`, async (context) => {
    let cancelled = false;
    const transport = await open(context, {
      ServerStreaming(call) {
        call.write(note({ id: "1" }));
        call.on("cancelled", () => {
          cancelled = true;
        });
      },
    });
    const abort = new AbortController();
    const desc = streamDesc("ServerStreaming");
    const reply = await transport.stream(desc, abort.signal, undefined, undefined, notes("0"));
    const messages = reply.message[Symbol.asyncIterator]();
    await messages.next();
    abort.abort();
    await messages.next().catch(() => undefined);
    await until(() => cancelled);
  });
}
