// Asks a backend's reflection service (v1, else v1alpha, as grpcio-reflection has only that in some releases) for the
// file that declares a symbol.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";

/** The bytes of the FileDescriptorProto. @throws Error with what the backend answered instead */
export async function readReflection(target: string, symbol: string): Promise<Uint8Array> {
  const client = new Client(target, credentials.createInsecure());
  try {
    return await ask(client, "v1", symbol).catch((error: ServiceError) => {
      if (error.code !== status.UNIMPLEMENTED) throw error;
      return ask(client, "v1alpha", symbol);
    });
  } finally {
    client.close();
  }
}

function ask(client: Client, version: string, symbol: string): Promise<Uint8Array> {
  const request = create(ServerReflectionRequestSchema, {
    messageRequest: { case: "fileContainingSymbol", value: symbol },
  });
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => fromBinary(ServerReflectionResponseSchema, bytes).messageResponse,
    );
    stream.on("error", reject);
    stream.on("data", (answer: { case?: string; value?: { fileDescriptorProto?: Uint8Array[] } }) => {
      const file = answer.value?.fileDescriptorProto?.[0];
      if (file === undefined) reject(new Error(`reflection answered ${answer.case} for ${symbol}`));
      else resolve(file);
      stream.end();
    });
    stream.write(toBinary(ServerReflectionRequestSchema, request));
  });
}
