// A typed grpc-js client for the demo backend's tests, and its errors with their details unpacked.
import assert from "node:assert/strict";
import { after, before, type TestContext } from "node:test";
import {
  create,
  createRegistry,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, type status } from "@grpc/grpc-js";
import { file_library } from "../../examples/library/gen/library_pb.ts";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import { file_google_rpc_error_details } from "../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

type Shape<K extends DescMethod["methodKind"], I extends DescMessage, O extends DescMessage> = {
  readonly methodKind: K;
  readonly input: I;
  readonly output: O;
} & DescMethod;

const detailTypes = createRegistry(file_google_rpc_error_details, file_library);

/** A client of the server on that port of 127.0.0.1. `path` lets a method be called under another service's name. */
export function createLibraryClient(port: number) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const codecOf = <I extends DescMessage, O extends DescMessage>(input: I, output: O) => ({
    encode: (message: MessageShape<I>) => Buffer.from(toBinary(input, message)),
    decode: (bytes: Buffer) => fromBinary(output, bytes),
  });
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: Shape<"unary", I, O>,
      request: MessageInitShape<I>,
      options: { metadata?: Metadata; deadline?: Date; onTrailer?: (trailer: Metadata) => void } = {},
    ): Promise<MessageShape<O>> {
      const { encode, decode } = codecOf(method.input, method.output);
      return new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(
          pathOf(method),
          encode,
          decode,
          create(method.input, request),
          options.metadata ?? new Metadata(),
          options.deadline === undefined ? {} : { deadline: options.deadline },
          (error, reply) => (reply === undefined ? reject(error) : resolve(reply)),
        );
        call.on("status", ({ metadata }) => options.onTrailer?.(metadata));
      });
    },

    serverStream<I extends DescMessage, O extends DescMessage>(
      method: Shape<"server_streaming", I, O>,
      request: MessageInitShape<I>,
    ) {
      const { encode, decode } = codecOf(method.input, method.output);
      return client.makeServerStreamRequest(pathOf(method), encode, decode, create(method.input, request));
    },

    clientStream<I extends DescMessage, O extends DescMessage>(
      method: Shape<"client_streaming", I, O>,
      requests: readonly MessageInitShape<I>[],
    ): Promise<MessageShape<O>> {
      const { encode, decode } = codecOf(method.input, method.output);
      return new Promise((resolve, reject) => {
        const call = client.makeClientStreamRequest(pathOf(method), encode, decode, (error, reply) =>
          reply === undefined ? reject(error) : resolve(reply),
        );
        for (const request of requests) call.write(create(method.input, request));
        call.end();
      });
    },

    bidi<I extends DescMessage, O extends DescMessage>(
      method: Shape<"bidi_streaming", I, O>,
      path: string = pathOf(method),
    ) {
      const { encode, decode } = codecOf(method.input, method.output);
      const call = client.makeBidiStreamRequest(path, encode, decode);
      return {
        send: (request: MessageInitShape<I>) => void call.write(create(method.input, request)),
        end: () => call.end(),
        replies: call[Symbol.asyncIterator]() as AsyncIterator<MessageShape<O>>,
      };
    },

    close: () => client.close(),
  };
}

/** A library and a client of it for one test, closed when the test ends, however it ends. */
export async function startLibraryFor(t: TestContext): Promise<ReturnType<typeof createLibraryClient>> {
  const server = await startLibraryServer();
  const client = createLibraryClient(server.port);
  t.after(async () => {
    client.close();
    await server.close();
  });
  return client;
}

/** What the clock of `useLibrary` says. */
export const noon = new Date("2026-11-24T12:00:00Z");

/** A library for a group of tests, so that none sees the changes of another group. */
export function useLibrary(): () => ReturnType<typeof createLibraryClient> {
  let server: LibraryServer;
  let client: ReturnType<typeof createLibraryClient>;
  before(async () => {
    server = await startLibraryServer({ now: () => noon });
    client = createLibraryClient(server.port);
  });
  after(async () => {
    client.close();
    await server.close();
  });
  return () => client;
}

/** The next item of a stream, which must have one. */
export async function next<T>(replies: AsyncIterator<T>): Promise<T> {
  const { done, value } = await replies.next();
  assert.notEqual(done, true, "the stream has ended");
  return value;
}

/** Asserts that a call fails with a code, and returns the message and the details by type name. */
export async function failureOf(
  call: Promise<unknown>,
  code: status,
): Promise<{ message: string; details: Map<string, Message> }> {
  const error = await call.then(
    () => assert.fail("the call succeeded"),
    (reason: ServiceError) => reason,
  );
  assert.equal(error.code, code, error.message);
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) return { message: error.details, details: new Map() };
  const { details, code: inner, message } = fromBinary(StatusSchema, packed);
  assert.deepEqual({ inner, message }, { inner: code, message: error.details });
  const unpacked = details.map((any) => anyUnpack(any, detailTypes));
  return {
    message: error.details,
    details: new Map(unpacked.map((detail) => [detail?.$typeName ?? "unknown", detail as Message])),
  };
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
