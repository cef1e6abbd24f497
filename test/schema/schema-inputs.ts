// Schema inputs from inline .proto text, for tests of merging.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import type { SchemaInput } from "../../src/schema/parse-input.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { compileProto } from "../support/compile-proto.ts";

export function compileFiles(files: Readonly<Record<string, string>>): SchemaFile[] {
  return fromBinary(FileDescriptorSetSchema, compileProto(files).set).file.map(toSchemaFile);
}

export function toSchemaFile(proto: FileDescriptorProto): SchemaFile {
  return { name: proto.name, bytes: toBinary(FileDescriptorProtoSchema, proto) };
}

/** The file with a change made to its descriptor. */
export function changeFile(file: SchemaFile, change: (proto: FileDescriptorProto) => unknown): SchemaFile {
  const proto = fromBinary(FileDescriptorProtoSchema, file.bytes);
  change(proto);
  return toSchemaFile(proto);
}

/** An input of the source `source of <name>`, served by the upstream of that name; `overlay` is served by none. */
export function inputOf(
  name: string,
  files: readonly SchemaFile[],
  services?: readonly string[],
): SchemaInput {
  return {
    source: `source of ${name}`,
    upstreams: name === "overlay" ? [] : [name],
    reading: { files, ...(services !== undefined && { services }) },
  };
}

export const libraryProto = `syntax = "proto3";
package demo.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
// A book.
message Book { string the_name = 1; google.protobuf.Timestamp at = 2; map<string, Shelf> shelves = 3; optional int32 pages = 4; }
message Shelf { string id = 1; Kind kind = 2; enum Kind { KIND_UNSPECIFIED = 0; WOOD = 1; } }
message GetBookRequest { string name = 1; }
service Library {
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { get: "/v1/{name=books/*}" };
  }
}
`;
