// A grpc-js server whose reflection is written here, so that it can be exact, old, broken or hostile.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from "@grpc/grpc-js";
import {
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import type { Handler } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { declaredSymbols } from "../../src/schema/declared-symbols.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";

export type ReflectionStream = ServerDuplexStream<Buffer, Buffer>;

export interface Backend {
  readonly port: number;
  readonly invoke: Handler;
  /** Streams opened so far, and how many of them have ended. */
  readonly streams: { opened: number; ended: number };
  close(): Promise<void>;
}

/** Starts a server; `serve` answers the reflection streams of the given versions, `addMore` adds other services. */
export async function startBackend(
  versions: readonly ("v1" | "v1alpha")[],
  serve: (stream: ReflectionStream) => void,
  port = 0,
  addMore: (server: Server) => void = () => {},
): Promise<Backend> {
  const streams = { opened: 0, ended: 0 };
  const addServices = (server: Server): void => {
    addMore(server);
    for (const version of versions) {
      server.addService(reflectionService(version), {
        ServerReflectionInfo: (stream: ReflectionStream) => {
          streams.opened++;
          stream.once("close", () => streams.ended++);
          stream.on("error", () => {});
          serve(stream);
        },
      });
    }
  };
  return startServer(streams, addServices, port);
}

export async function startServer(
  streams: { opened: number; ended: number },
  addServices: (server: Server) => void,
  port = 0,
): Promise<Backend> {
  const server = new Server();
  addServices(server);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  const transport = createGrpcJsTransport({ target: { host: "127.0.0.1", port: bound, tls: false } });
  return {
    port: bound,
    invoke: transport.invoke,
    streams,
    async close() {
      await transport.close();
      server.forceShutdown();
    },
  };
}

function reflectionService(version: string): ServiceDefinition {
  const identity = { serialize: (bytes: Buffer) => bytes, deserialize: (bytes: Buffer) => bytes };
  return {
    ServerReflectionInfo: {
      path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      requestStream: true,
      responseStream: true,
      requestSerialize: identity.serialize,
      requestDeserialize: identity.deserialize,
      responseSerialize: identity.serialize,
      responseDeserialize: identity.deserialize,
    },
  };
}

type Response = ServerReflectionResponse["messageResponse"];

export function respond(stream: ReflectionStream, response: Response): void {
  const message = create(ServerReflectionResponseSchema, { messageResponse: response });
  stream.write(Buffer.from(toBinary(ServerReflectionResponseSchema, message)));
}

export function filesResponse(...files: readonly Uint8Array[]): Response {
  return {
    case: "fileDescriptorResponse",
    value: { $typeName: "grpc.reflection.v1.FileDescriptorResponse", fileDescriptorProto: [...files] },
  };
}

export function servicesResponse(...names: readonly string[]): Response {
  return {
    case: "listServicesResponse",
    value: {
      $typeName: "grpc.reflection.v1.ListServiceResponse",
      service: names.map((name) => ({ $typeName: "grpc.reflection.v1.ServiceResponse", name })),
    },
  };
}

export function errorResponse(errorCode: number, errorMessage: string): Response {
  return {
    case: "errorResponse",
    value: { $typeName: "grpc.reflection.v1.ErrorResponse", errorCode, errorMessage },
  };
}

/**
 * Answers as the documentation says: one answer per question, in order. A file comes alone; imports have to be asked
 * for. `files` may change between reads.
 */
export function serveFiles(files: () => readonly SchemaFile[], listed?: readonly string[]) {
  return (stream: ReflectionStream): void => {
    const known = files().map((file) => ({
      ...file,
      proto: fromBinary(FileDescriptorProtoSchema, file.bytes),
    }));
    const services = known.flatMap(({ proto }) =>
      declaredSymbols(proto).flatMap((it) => (it.kind === "service" ? [it.name] : [])),
    );
    stream.on("data", (bytes: Buffer) => {
      const { messageRequest: question } = fromBinary(ServerReflectionRequestSchema, bytes);
      if (question.case === "listServices") {
        respond(stream, servicesResponse(...(listed ?? services), "grpc.reflection.v1.ServerReflection"));
        return;
      }
      const found = known.find(({ name, proto }) =>
        question.case === "fileByFilename"
          ? name === question.value
          : declaredSymbols(proto).some((it) => it.name === question.value),
      );
      if (found) respond(stream, filesResponse(found.bytes));
      else respond(stream, errorResponse(Code.NOT_FOUND, `not found: ${String(question.value)}`));
    });
    stream.on("end", () => stream.end());
  };
}
