// Calls a backend with grpc-js and protobuf-es, without the gateway: what the backend does by itself, which the gateway's
// answers are measured by. Messages are ProtoJSON values on this side.
import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

export interface DirectReply {
  readonly messages: readonly JsonValue[];
  readonly header: Metadata;
  readonly trailer: Metadata;
}

export interface DirectCall {
  readonly messages?: readonly JsonValue[];
  readonly header?: Readonly<Record<string, string | Buffer>>;
  readonly timeoutMs?: number;
  /** Cancels the call when it fires. */
  readonly signal?: AbortSignal;
  /** Each reply message as it comes. */
  readonly onMessage?: (message: JsonValue) => void;
}

export interface DirectClient {
  /** Calls `matrix.v1.MatrixService/GetItem`, whatever its kind. Rejects with grpc-js' ServiceError. */
  call(method: string, call?: DirectCall): Promise<DirectReply>;
  close(): void;
}

/** A client for the methods of a descriptor set file. */
export function createDirectClient(target: string, descriptorSetFile: string): DirectClient {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSetFile)));
  const client = new Client(target, credentials.createInsecure());
  return {
    call(path, call = {}) {
      const [service, name] = path.split("/");
      const desc = registry.getService(service ?? "")?.methods.find((method) => method.name === name);
      if (desc === undefined) throw new Error(`no method ${path}`);
      return invoke(client, `/${path}`, desc, call);
    },
    close: () => client.close(),
  };
}

function invoke(client: Client, path: string, desc: DescMethod, call: DirectCall): Promise<DirectReply> {
  const encode = (json: JsonValue): Buffer => Buffer.from(toBinary(desc.input, fromJson(desc.input, json)));
  const decode = (bytes: Buffer): JsonValue => toJson(desc.output, fromBinary(desc.output, bytes));
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(call.header ?? {})) metadata.add(key, value);
  const options: CallOptions =
    call.timeoutMs === undefined ? {} : { deadline: new Date(Date.now() + call.timeoutMs) };
  // A bidi call is every kind of call on the wire.
  const stream = client.makeBidiStreamRequest(path, encode, decode, metadata, options);
  call.signal?.addEventListener("abort", () => stream.cancel());

  return new Promise((resolve, reject) => {
    const messages: JsonValue[] = [];
    let header = new Metadata();
    let trailer = new Metadata();
    stream.on("metadata", (received) => {
      header = received;
    });
    stream.on("data", (message: JsonValue) => {
      messages.push(message);
      call.onMessage?.(message);
    });
    stream.on("status", (status) => {
      trailer = status.metadata;
    });
    stream.on("error", (error: ServiceError) => reject(error));
    stream.on("end", () => setImmediate(() => resolve({ messages, header, trailer })));
    for (const message of call.messages ?? [{}]) stream.write(message);
    stream.end();
  });
}
