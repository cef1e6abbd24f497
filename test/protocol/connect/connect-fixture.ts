// The Connect edge before a real gRPC backend: a listener, the protocol, a transport, and the methods of a small schema
// whose service and method names are those of the transports' test backend.
import type { TestContext } from "node:test";
import {
  create,
  createRegistry,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { defaultJsonOptions } from "../../../src/codec/codec.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { file_google_rpc_error_details } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { createDeadlineInterceptor } from "../../../src/pipeline/deadline.ts";
import {
  type ConnectOptions,
  createConnectProtocol,
} from "../../../src/protocol/connect/connect-protocol.ts";
import { composeHandler, type Handler } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import { silentLogger } from "../../../src/rpc/logger.ts";
import type { ErrorDetail } from "../../../src/rpc/rpc-error.ts";
import type { ServedMethod } from "../../../src/rpc/served-method.ts";
import { methodInfo } from "../../../src/transcode/method-info.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import { encodeGrpcStatusDetails } from "../../../src/wire/grpc-status-details.ts";
import type { Protocol } from "../../../src/wire/protocol.ts";
import { type BackendHandlers, startBackend } from "../../contract/transport-backend.ts";
import { openListener } from "../../server/open-listener.ts";
import { compileProto } from "../../support/compile-proto.ts";

const compiled = compileProto({
  "transport.proto": `syntax = "proto3"; package test;
message Note { string id = 1; string text = 2; int64 size = 3; repeated string seen = 4; }
service Transport {
  rpc Unary(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Write(Note) returns (Note);
  rpc ServerStreaming(Note) returns (stream Note);
  rpc ClientStreaming(stream Note) returns (Note);
  rpc Bidi(stream Note) returns (stream Note);
}`,
});

export const registry = createRegistry(compiled.registry, file_google_rpc_error_details);
const codec = createCodec(registry, { ...defaultJsonOptions, unknownFields: "ignore" });

export type Note = Message<"test.Note"> & { id: string; text: string; size: bigint; seen: string[] };

const noteDesc = registry.getMessage("test.Note") as DescMessage;

export function note(value: Partial<Omit<Note, "$typeName">>): Buffer {
  return Buffer.from(toBinary(noteDesc, create(noteDesc, value as Record<string, unknown>)));
}

export function readNote(message: Uint8Array): Note {
  return fromBinary(noteDesc, message) as Note;
}

export type MethodName = "Unary" | "Write" | "ServerStreaming" | "ClientStreaming" | "Bidi";

export function descOf<Kind extends DescMethod["methodKind"]>(
  name: MethodName,
): DescMethod & { methodKind: Kind } {
  const desc = registry.getService("test.Transport")?.methods.find((method) => method.name === name);
  if (desc === undefined) throw new Error(`no method ${name}`);
  return desc as DescMethod & { methodKind: Kind };
}

export const pathOf = (name: MethodName): string => `/test.Transport/${name}`;

/** As the snapshot has it: the detail as JSON where its type is known. */
export function formatDetail({ typeUrl, value }: ErrorDetail): string | undefined {
  try {
    const desc = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    return desc && toJsonString(desc, fromBinary(desc, value), { registry });
  } catch {
    return undefined;
  }
}

export type EdgeOptions = Partial<ConnectOptions>;

/** The protocol over one handler for all methods. */
export function createEdge(handler: Handler, options: EdgeOptions = {}): Protocol {
  const methods = new Map<string, ServedMethod>();
  for (const desc of registry.getService("test.Transport")?.methods ?? []) {
    const info = methodInfo(desc);
    methods.set(info.path, {
      info,
      handler,
      json: {
        decodeRequest: (json) => codec.message(desc.input).decodeJson(json),
        encodeReply: (message) => codec.message(desc.output).encodeJsonBytes(message),
      },
    });
  }
  return createConnectProtocol({
    methodOf: (path) => methods.get(path),
    maxRequestBytes: 100_000,
    minCompressedBytes: 100,
    logger: silentLogger,
    formatDetail,
    ...options,
  });
}

/** A listener with the protocol before a handler in this process; returns its port. */
export async function openEdge(
  context: TestContext,
  handler: Handler,
  options?: EdgeOptions,
): Promise<number> {
  const listener = await openListener(context, createEdge(handler, options).handle);
  return listener.port;
}

/** The same before a real gRPC server. */
export async function openGateway(
  context: TestContext,
  handlers: BackendHandlers,
  options?: EdgeOptions,
): Promise<number> {
  const backend = await startBackend(handlers);
  const transport = createGrpcJsTransport({ target: backend.target });
  context.after(async () => {
    await transport.close();
    await backend[Symbol.asyncDispose]();
  });
  return openEdge(context, composeHandler([createDeadlineInterceptor()], transport.invoke), options);
}

export function metadataOf(entries: Readonly<Record<string, string | Buffer>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.add(name, value);
  return metadata;
}

/** What grpc-js takes for a failure with details. */
export function failureOf(
  code: number,
  message: string,
  details: readonly ErrorDetail[] = [],
  trailer: Readonly<Record<string, string>> = {},
): { code: number; details: string; metadata: Metadata } {
  const metadata = metadataOf(trailer);
  if (details.length > 0) {
    const text = encodeGrpcStatusDetails({ code, message, details });
    metadata.add("grpc-status-details-bin", Buffer.from(text, "base64"));
  }
  return { code, details: message, metadata };
}

export interface Envelope {
  readonly flags: number;
  readonly bytes: Buffer;
}

/** @param flags of the envelope; 0 = a plain message */
export function envelope(message: Uint8Array | string, flags = 0): Buffer {
  const bytes = Buffer.from(message as Uint8Array);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

export function splitEnvelopes(body: Buffer): Envelope[] {
  const envelopes: Envelope[] = [];
  let rest = body;
  while (rest.length > 0) {
    const length = rest.readUInt32BE(1);
    envelopes.push({ flags: rest[0] ?? 0, bytes: rest.subarray(5, 5 + length) });
    rest = rest.subarray(5 + length);
  }
  return envelopes;
}

export const noHeader = new Header();
