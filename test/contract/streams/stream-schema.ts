// The service of the contract: the transports' test service, with a REST route for each of its streams.
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { compileProto } from "../../support/compile-proto.ts";
import type { Direction } from "./stream-client.ts";

export interface Item {
  readonly number: number;
  readonly padding: string;
}

const compiled = compileProto({
  "streams.proto": `syntax = "proto3"; package test;
import "google/api/annotations.proto";
message Item { int32 number = 1; string padding = 2; }
service Transport {
  rpc ServerStreaming(Item) returns (stream Item) { option (google.api.http) = { get: "/down" }; }
  rpc ClientStreaming(stream Item) returns (Item) { option (google.api.http) = { post: "/up" body: "*" }; }
  rpc Bidi(stream Item) returns (stream Item) { option (google.api.http) = { post: "/both" body: "*" }; }
}`,
});

/** The FileDescriptorSet, protobuf binary. */
export const descriptorSet: Uint8Array = compiled.set;

const desc = compiled.registry.getMessage("test.Item") as DescMessage;

/** Where gRPC, Connect and WebSocket find each. */
export const rpcPath: Readonly<Record<Direction, string>> = {
  down: "/test.Transport/ServerStreaming",
  up: "/test.Transport/ClientStreaming",
  both: "/test.Transport/Bidi",
};

export function item(number: number, padding = ""): Item {
  return { number, padding };
}

export function encodeItem({ number, padding }: Item): Buffer {
  return Buffer.from(toBinary(desc, create(desc, { number, padding } as Record<string, unknown>)));
}

export function decodeItem(bytes: Uint8Array): Item {
  const { number, padding } = fromBinary(desc, bytes) as unknown as Item;
  return { number, padding };
}

export function itemToJson({ number, padding }: Item): string {
  return JSON.stringify(toJson(desc, create(desc, { number, padding } as Record<string, unknown>)));
}

export function itemFromJson(json: JsonValue): Item {
  const { number, padding } = fromJson(desc, json) as unknown as Item;
  return { number, padding };
}
