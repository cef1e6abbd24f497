// A well-behaved backend that counts, so that what the gateway leaves behind shows: calls that still run, streams that
// nobody ended. One method of each kind; reflection is a descriptor set, so that nothing but calls is counted.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { type CompiledProto, compileProto } from "../support/compile-proto.ts";

/** `data` is field 2, so that a message of any size is three bytes of head and a tail. */
export const targetProto = `
syntax = "proto3";
package hostile.v1;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/struct.proto";
message Item {
  string text = 1;
  bytes data = 2;
  int32 number = 3;
  map<string, string> labels = 4;
  Item child = 5;
  google.protobuf.Value value = 6;
  repeated Item items = 7;
}
service Target {
  rpc Echo(Item) returns (Item) {
    option (google.api.http) = {
      post: "/v1/echo"
      body: "*"
      additional_bindings: { get: "/v1/echo/{text}" }
      additional_bindings: { get: "/v1/deep/{text=**}" }
    };
  }
  // Never answers.
  rpc Hold(Item) returns (Item) { option (google.api.http) = { get: "/v1/hold" additional_bindings: { post: "/v1/hold" body: "*" } }; }
  // Answers an item with \`number\` bytes of data: little asks for much.
  rpc Swell(Item) returns (Item) { option (google.api.http) = { get: "/v1/swell/{number}" }; }
  // A file of so many bytes whose type is \`text\`, whatever that is.
  rpc File(Item) returns (google.api.HttpBody) { option (google.api.http) = { get: "/v1/file/{number}" }; }
  // Never ends: one message of 16 KiB after the other, as fast as they are taken.
  rpc Pour(Item) returns (stream Item) { option (google.api.http) = { get: "/v1/pour" }; }
  // Says one thing and is silent from then on.
  rpc Rest(Item) returns (stream Item) { option (google.api.http) = { get: "/v1/rest" }; }
  // Counts what it gets.
  rpc Collect(stream Item) returns (Item) { option (google.api.http) = { post: "/v1/collect" body: "*" }; }
  rpc Talk(stream Item) returns (stream Item) { option (google.api.http) = { post: "/v1/talk" body: "*" }; }
}
`;

let compiled: CompiledProto | undefined;

function compileTarget(): CompiledProto {
  compiled ??= compileProto({ "hostile/v1/target.proto": targetProto });
  return compiled;
}

/** Writes the descriptor set into a folder and returns its path. */
export function writeTargetSet(folder: string): string {
  const file = join(folder, "target.binpb");
  writeFileSync(file, compileTarget().set);
  return file;
}

export interface TargetBackend {
  readonly target: string;
  /** Calls that have begun and not ended. */
  readonly active: () => number;
  /** Calls that have begun. */
  readonly begun: () => number;
  close(): void;
}

const identity = (bytes: Buffer): Buffer => bytes;

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/hostile.v1.Target/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

/** An Item with so many bytes of data. */
function itemOf(dataBytes: number): Buffer {
  const head: number[] = [0x12];
  for (let rest = dataBytes; ; rest >>>= 7) {
    head.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(dataBytes, 0x61)]);
}

interface Item {
  readonly text: string;
  readonly number: number;
}

function readItem(bytes: Buffer): Item {
  const desc = compileTarget().registry.getMessage("hostile.v1.Item");
  if (desc === undefined) throw new Error("the schema has no Item");
  return fromBinary(desc, bytes) as unknown as Item;
}

export async function startTarget(port = 0, host = "127.0.0.1"): Promise<TargetBackend> {
  let [active, begun] = [0, 0];
  const count = (call: { on(event: "cancelled", listener: () => void): unknown }): (() => void) => {
    active++;
    begun++;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      active--;
    };
    call.on("cancelled", end);
    return end;
  };
  const server = new Server({
    "grpc.max_concurrent_streams": 5_000,
    "grpc.max_receive_message_length": -1,
  });
  server.addService(
    {
      Echo: method("Echo", false, false),
      Hold: method("Hold", false, false),
      Swell: method("Swell", false, false),
      File: method("File", false, false),
      Pour: method("Pour", false, true),
      Rest: method("Rest", false, true),
      Collect: method("Collect", true, false),
      Talk: method("Talk", true, true),
    },
    {
      Echo(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        count(call)();
        reply(null, call.request);
      },
      Hold(call: ServerUnaryCall<Buffer, Buffer>) {
        count(call);
      },
      Swell(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        count(call)();
        reply(null, itemOf(readItem(call.request).number));
      },
      File(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        count(call)();
        const { text, number } = readItem(call.request);
        reply(null, Buffer.concat([Buffer.from([0x0a]), lengthPrefixed(text), itemOf(number)]));
      },
      Pour(call: ServerWritableStream<Buffer, Buffer>) {
        const end = count(call);
        const item = itemOf(16_384);
        const pour = (): void => {
          while (!call.cancelled && call.write(item));
        };
        call.on("drain", pour).on("close", end).on("error", end);
        pour();
      },
      Rest(call: ServerWritableStream<Buffer, Buffer>) {
        count(call);
        call.write(itemOf(1));
      },
      Collect(call: ServerReadableStream<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        const end = count(call);
        let items = 0;
        call.on("data", () => items++).on("error", end);
        call.on("end", () => {
          end();
          reply(null, Buffer.concat([Buffer.from([0x0a]), lengthPrefixed(String(items))]));
        });
      },
      Talk(call: ServerDuplexStream<Buffer, Buffer>) {
        const end = count(call);
        call.on("data", (bytes: Buffer) => call.write(bytes)).on("error", end);
        call.on("end", () => {
          end();
          call.end();
        });
      },
    },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  return {
    target: `${host}:${bound}`,
    active: () => active,
    begun: () => begun,
    close: () => server.forceShutdown(),
  };
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
