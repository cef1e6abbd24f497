// Schemas from inline .proto text and a reflection client that calls the handlers without any protocol between.
import { create, type DescMethod, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import type { Call, Reply, StreamReply } from "../../src/rpc/call.ts";
import { Header } from "../../src/rpc/header.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import type { OwnService } from "../../src/service/own-service.ts";
import { createReflectionServices, type ReflectedSchema } from "../../src/service/reflection-service.ts";
import { methodInfo } from "../../src/transcode/method-info.ts";
import { inputOf } from "../schema/schema-inputs.ts";

export type Asked = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

export function schemaOf(files: readonly SchemaFile[]): ReflectedSchema {
  const { files: merged, registry, services } = mergeSchema([inputOf("library", files)]);
  return { files: merged, registry, serviceNames: services.map(({ desc }) => desc.typeName) };
}

/** The v1 service. */
export function reflectionOf(schema: ReflectedSchema): OwnService {
  const service = createReflectionServices(schema).find(({ desc }) => desc === ServerReflection);
  if (service === undefined) throw new Error("there is no reflection v1");
  return service;
}

export function encodeRequest(messageRequest: Asked, host = ""): Uint8Array {
  const request = create(ServerReflectionRequestSchema, { host, messageRequest });
  return toBinary(ServerReflectionRequestSchema, request);
}

export function decodeResponse(bytes: Uint8Array): ServerReflectionResponse {
  return fromBinary(ServerReflectionResponseSchema, bytes);
}

type CallInput = { message: Uint8Array } | { messages: AsyncIterable<Uint8Array> };

/** Calls a method by its name. */
export async function callOwn(
  service: OwnService,
  name: string,
  input: CallInput,
  signal: AbortSignal = new AbortController().signal,
): Promise<Reply> {
  const method = service.desc.methods.find((it) => it.name === name) as DescMethod;
  const head = { method: methodInfo(method), header: new Header(), signal };
  const call: Call =
    "message" in input ? { ...head, kind: "unary", ...input } : { ...head, kind: "stream", ...input };
  return await service.handlerOf(method)(call);
}

export async function openReflection(
  service: OwnService,
  messages: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StreamReply> {
  const reply = await callOwn(service, "ServerReflectionInfo", { messages }, signal);
  if (reply.kind !== "stream") throw new Error("reflection answers with a stream");
  return reply;
}

/** Asks on one stream. */
export async function ask(
  service: OwnService,
  ...asked: readonly Asked[]
): Promise<ServerReflectionResponse[]> {
  const reply = await openReflection(service, streamOf(...asked.map((it) => encodeRequest(it))));
  const responses: ServerReflectionResponse[] = [];
  for await (const message of reply.messages) responses.push(decodeResponse(message));
  return responses;
}

/** The files of an answer; throws for any other answer. */
export function filesOf(response: ServerReflectionResponse | undefined): readonly Uint8Array[] {
  const answer = response?.messageResponse;
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`no files: ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto;
}
