// Calls over WebSocket before a real gRPC backend: a listener, the protocol with its routes, a transport, and a small
// schema whose first service is the transports' test backend; the second is answered in this process.
import type { TestContext } from "node:test";
import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../../../src/codec/codec.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { createMethodLookup } from "../../../src/gateway/served-methods.ts";
import { file_google_rpc_error_details } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { createDeadlineInterceptor } from "../../../src/pipeline/deadline.ts";
import { createRouteLookup } from "../../../src/protocol/websocket/route-lookup.ts";
import { createWebSocketProtocol } from "../../../src/protocol/websocket/websocket-protocol.ts";
import { composeHandler, type Handler } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { ListenerOptions } from "../../../src/server/listener.ts";
import { compileRoutes } from "../../../src/transcode/compile-routes.ts";
import { createRouter } from "../../../src/transcode/create-router.ts";
import { dialects } from "../../../src/transcode/dialect.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import { type BackendHandlers, startBackend } from "../../contract/transport-backend.ts";
import { openListener, type TestListener } from "../../server/open-listener.ts";
import { type OpenOptions, openWebSocket, type TestSocket } from "../../server/websocket-client.ts";
import { compileProto } from "../../support/compile-proto.ts";
import { rulesOf } from "../../transcode/route-fixture.ts";
import { createLog, type LogLine } from "../rest/rest-fixture.ts";

const compiled = compileProto({
  "transport.proto": `syntax = "proto3"; package test;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/struct.proto";
message Note { string id = 1; string text = 2; int64 size = 3; repeated string seen = 4; bytes data = 5; }
message Blob { string id = 1; google.api.HttpBody file = 2; }
service Transport {
  rpc Unary(Note) returns (Note) {
    option (google.api.http) = { get: "/notes/{id}" additional_bindings { delete: "/trash/{id}" } };
  }
  rpc ServerStreaming(Note) returns (stream Note) {
    option (google.api.http) = { get: "/notes/{id}:watch" additional_bindings { post: "/notes/{id}" body: "*" } };
  }
  rpc ClientStreaming(stream Note) returns (Note) {
    option (google.api.http) = { post: "/folders/{id}:import" body: "*" response_body: "text" };
  }
  rpc Bidi(stream Note) returns (stream Note) {
    option (google.api.http) = { post: "/chat/{id}" body: "*" additional_bindings { put: "/texts/{id}" body: "text" } };
  }
}
service Echo {
  rpc Value(google.protobuf.Value) returns (google.protobuf.Value);
  rpc Struct(stream google.protobuf.Struct) returns (stream google.protobuf.Struct);
  rpc Fetch(Blob) returns (google.api.HttpBody) { option (google.api.http) = { get: "/blobs/{id}" }; }
  rpc Upload(stream Blob) returns (Note) { option (google.api.http) = { put: "/files/{id}" body: "file" }; }
}`,
});

export const registry = createRegistry(compiled.registry, file_google_rpc_error_details);
const codec = createCodec(registry, { ...defaultJsonOptions, unknownFields: "ignore" });

export type Note = Message<"test.Note"> & {
  id: string;
  text: string;
  size: bigint;
  seen: string[];
  data: Uint8Array;
};

function descOf(typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}
const noteDesc = descOf("test.Note");

export function note(value: Partial<Omit<Note, "$typeName">>): Buffer {
  return Buffer.from(toBinary(noteDesc, create(noteDesc, value as Record<string, unknown>)));
}

export function readNote(message: Uint8Array): Note {
  return fromBinary(noteDesc, message) as Note;
}

/** Sends back what it gets; a fetch is answered with a file. */
const echo: Handler = async (call) => {
  const head = { header: new Header(), trailer: new Header() };
  if (call.kind === "stream") {
    return { ...head, kind: "stream", messages: call.messages, trailer: Promise.resolve(new Header()) };
  }
  if (call.method.name !== "Fetch") return { ...head, kind: "unary", message: call.message };
  const file = descOf("google.api.HttpBody");
  const content: Record<string, unknown> = { contentType: "text/plain", data: Buffer.from("hi") };
  return { ...head, kind: "unary", message: toBinary(file, create(file, content)) };
};

export interface Edge {
  readonly listener: TestListener;
  readonly log: readonly LogLine[];
  open(path: string, options?: OpenOptions): Promise<TestSocket>;
}

export interface EdgeOptions {
  readonly maxRequestBytes?: number;
  readonly limits?: ListenerOptions["limits"];
  /** In place of the backend. */
  readonly handler?: Handler;
}

export async function openEdge(
  context: TestContext,
  handlers: BackendHandlers,
  { maxRequestBytes = 100_000, limits, handler }: EdgeOptions = {},
): Promise<Edge> {
  const backend = await startBackend(handlers);
  context.after(() => backend[Symbol.asyncDispose]());
  const transport = createGrpcJsTransport({ target: backend.target });
  context.after(() => transport.close());
  const upstream = handler ?? composeHandler([createDeadlineInterceptor()], transport.invoke);
  const services = ["test.Transport", "test.Echo"].map((name) => {
    const service = registry.getService(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  });
  const methodOf = createMethodLookup({
    services,
    handlerOf: ({ service }) => (service === "test.Echo" ? echo : upstream),
    ownServices: [],
    interceptorsOf: () => [],
    codec,
  });
  const dialect = dialects.google;
  const { routes } = compileRoutes(rulesOf(compiled.registry), {
    codecOf: (json) => createCodec(registry, json),
    dialect,
    policyOf: () => dialect.policy,
  });
  const { logger, lines } = createLog();
  const upgrade = createWebSocketProtocol({
    methodOf,
    routeOf: createRouteLookup({ router: createRouter(routes), dialect, methodOf }),
    maxRequestBytes,
    logger,
  });
  const listener = await openListener(context, async () => undefined, { upgrade, ...(limits && { limits }) });
  return {
    listener,
    log: lines,
    open: (path, options) => openWebSocket(listener.url + path, options),
  };
}

/** A frame of text, read. */
export async function nextJson({ next }: TestSocket): Promise<unknown> {
  const frame = await next();
  if (typeof frame !== "string") throw new Error(`expected text, got ${frame}`);
  return JSON.parse(frame);
}

/** Every frame until the end of the socket: text read as JSON, notes where binary. */
export async function allFrames(socket: TestSocket): Promise<unknown[]> {
  await socket.closed;
  return socket.frames.map((frame) => (typeof frame === "string" ? JSON.parse(frame) : readNote(frame)));
}
