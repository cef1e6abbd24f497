// The REST edge of a small schema: real codec, routes and router, requests and backends as plain values, since the
// edge knows neither a socket nor a wire.
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../../../src/codec/codec.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { createRestProtocol } from "../../../src/protocol/rest/rest-protocol.ts";
import { createStatusFormat, type StatusFormat } from "../../../src/protocol/rest/status-format.ts";
import type { Call, Handler, StreamReply, UnaryReply } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { LogFields, Logger } from "../../../src/rpc/logger.ts";
import { compileRoutes } from "../../../src/transcode/compile-routes.ts";
import { createRouter } from "../../../src/transcode/create-router.ts";
import { dialects, type ProfileName } from "../../../src/transcode/dialect.ts";
import type { RestPolicy } from "../../../src/transcode/rest-policy.ts";
import type { Route } from "../../../src/transcode/route.ts";
import type { HttpRequest, HttpResponse } from "../../../src/wire/http-message.ts";
import type { Protocol } from "../../../src/wire/protocol.ts";
import { compileProto } from "../../support/compile-proto.ts";
import { rulesOf } from "../../transcode/route-fixture.ts";
import { collect } from "./pieces.ts";

const { registry } = compileProto({
  "notes.proto": `syntax = "proto3"; package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
message Note { string id = 1; string text = 2; int64 size = 3; }
message Blob { string id = 1; google.api.HttpBody file = 2; }
message Form { string id = 1; string title = 2; bytes data = 3; google.api.HttpBody file = 4; int32 pages = 5; }
service Notes {
  rpc Get(Note) returns (Note) { option (google.api.http) = { get: "/notes/{id}" }; }
  rpc Put(Note) returns (Note) { option (google.api.http) = { post: "/notes/{id}" body: "*" }; }
  rpc Watch(Note) returns (stream Note) { option (google.api.http) = { get: "/notes/{id}:watch" }; }
  rpc Import(stream Note) returns (Note) { option (google.api.http) = { post: "/folders/{id}:import" body: "*" }; }
  rpc Label(stream Note) returns (Note) { option (google.api.http) = { post: "/folders/{id}:label" body: "text" }; }
  rpc Touch(stream Note) returns (Note) { option (google.api.http) = { post: "/folders/{id}:touch" }; }
  rpc Download(Note) returns (stream google.api.HttpBody) { option (google.api.http) = { get: "/files/{id}" }; }
  rpc Upload(stream Blob) returns (Note) { option (google.api.http) = { put: "/files/{id}" body: "file" }; }
  rpc Store(Blob) returns (Note) { option (google.api.http) = { put: "/blobs/{id}" body: "file" }; }
  rpc Send(stream Form) returns (Note) { option (google.api.http) = { post: "/forms/{id}:send" body: "*" }; }
  rpc Attach(Form) returns (Note) { option (google.api.http) = { post: "/forms/{id}" body: "*" }; }
  rpc Fetch(Note) returns (google.api.HttpBody) { option (google.api.http) = { get: "/blobs/{id}" }; }
}`,
});

export { registry };

function descOf(typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}

export const noteDesc: DescMessage = descOf("t.Note");
export const blobDesc: DescMessage = descOf("t.Blob");
export const formDesc: DescMessage = descOf("t.Form");
export const httpBodyDesc: DescMessage = descOf("google.api.HttpBody");

/** A message of the schema, binary. */
export function encode(desc: DescMessage, value: Record<string, unknown>): Uint8Array {
  return toBinary(desc, create(desc, value as MessageInitShape<DescMessage>));
}

export function note(value: Record<string, unknown>): Uint8Array {
  return encode(noteDesc, value);
}

/** A binary message as ProtoJSON. */
export function decode(desc: DescMessage, message: Uint8Array): unknown {
  return toJson(desc, fromBinary(desc, message), { registry });
}

export function statusFormatOf(profile: ProfileName = "standard"): StatusFormat {
  return createStatusFormat(createCodec(registry, defaultJsonOptions), dialects[profile]);
}

/** @param policy what every method says otherwise than its profile */
export function routesOf(
  profile: ProfileName = "standard",
  policy: Partial<RestPolicy> = {},
): readonly Route[] {
  const dialect = dialects[profile];
  return compileRoutes(rulesOf(registry), {
    codecOf: (json) => createCodec(registry, json),
    dialect,
    policyOf: () => ({ ...dialect.policy, ...policy }),
  }).routes;
}

/** The route of a method of `t.Notes`. */
export function routeOf(
  name: string,
  profile: ProfileName = "standard",
  policy: Partial<RestPolicy> = {},
): Route {
  const route = routesOf(profile, policy).find(({ info }) => info.name === name);
  if (route === undefined) throw new Error(`no route of ${name}`);
  return route;
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

export function createLog(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine["level"]) =>
    (event: string, fields: LogFields = {}): void => {
      lines.push({ level, event, fields });
    };
  return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

export interface RestEdge {
  readonly protocol: Protocol;
  readonly log: readonly LogLine[];
  /** @throws Error where the edge says that it does not know the path */
  handle(request: HttpRequest): Promise<HttpResponse>;
}

export interface EdgeOptions {
  readonly profile?: ProfileName;
  readonly maxRequestBytes?: number;
  readonly policy?: Partial<RestPolicy>;
  readonly heartbeatMs?: number;
  readonly minCompressedBytes?: number;
}

export function createEdge(handler: Handler, options: EdgeOptions = {}): RestEdge {
  const { profile = "standard", maxRequestBytes = 1_000, policy, heartbeatMs, minCompressedBytes } = options;
  const { logger, lines } = createLog();
  const protocol = createRestProtocol({
    router: createRouter(routesOf(profile, policy)),
    dialect: dialects[profile],
    formatStatus: statusFormatOf(profile),
    handlerOf: () => handler,
    maxRequestBytes,
    ...(heartbeatMs !== undefined && { heartbeatMs }),
    ...(minCompressedBytes !== undefined && { minCompressedBytes }),
    logger,
  });
  return {
    protocol,
    log: lines,
    async handle(request) {
      const response = await protocol.handle(request);
      if (response === undefined) throw new Error(`no route for ${request.path}`);
      return response;
    },
  };
}

export function unaryReply(message: Uint8Array, reply: Partial<UnaryReply> = {}): UnaryReply {
  return { kind: "unary", header: new Header(), trailer: new Header(), message, ...reply };
}

export function streamReply(
  messages: AsyncIterable<Uint8Array>,
  reply: Partial<StreamReply> = {},
): StreamReply {
  const trailer = Promise.resolve(new Header());
  return { kind: "stream", header: new Header(), trailer, messages, ...reply };
}

/** The message of a unary call. */
export function messageOf(call: Call): Uint8Array {
  if (call.kind !== "unary") throw new Error("the call has a stream of messages");
  return call.message;
}

/** Every message of a streamed call. */
export async function messagesOf(call: Call): Promise<Uint8Array[]> {
  if (call.kind !== "stream") throw new Error("the call has one message");
  return collect(call.messages);
}
