// The schema that the RPC protocols are tested with: its service and method names are those of the transports' test
// backend.
import {
  create,
  createRegistry,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { file_google_rpc_error_details } from "../../src/gen/google/rpc/error_details_pb.ts";
import type { Handler } from "../../src/rpc/call.ts";
import type { MethodLookup, ServedMethod } from "../../src/rpc/served-method.ts";
import { methodInfo } from "../../src/transcode/method-info.ts";
import { compileProto } from "../support/compile-proto.ts";

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

/** Every method of `test.Transport`, over one handler. */
export function lookupOf(handler: Handler): MethodLookup {
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
  return (path) => methods.get(path);
}
