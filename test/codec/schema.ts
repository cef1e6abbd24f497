// The schema of the codec's tests: every scalar in every shape, oneofs, well-known types, proto2 and editions features,
// extensions, recursion, and names that are traps.
import type { DescField, DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { type Codec, defaultJsonOptions, type JsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { compileProto } from "../support/compile-proto.ts";

const scalars = [
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
];
const mapKeys = scalars.filter((type) => !["double", "float", "bytes"].includes(type));
const wrappers = ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"];
const lines = (items: readonly string[], line: (item: string, index: number) => string): string =>
  items.map(line).join("\n");

export const protoFiles: Readonly<Record<string, string>> = {
  "all.proto": `
    syntax = "proto3";
    package all;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/empty.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    enum Genre { option allow_alias = true; GENRE_UNSPECIFIED = 0; NOVEL = 1; ROMAN = 1; POETRY = 2; NEGATIVE = -5; }
    message Scalars { ${lines(scalars, (type, i) => `${type} ${type}_value = ${i + 1};`)} Genre genre = 20; }
    message Optionals { ${lines(scalars, (type, i) => `optional ${type} ${type}_value = ${i + 1};`)} optional Genre genre = 20; }
    message Lists {
      ${lines(scalars, (type, i) => `repeated ${type} ${type}_value = ${i + 1};`)}
      repeated Genre genre = 20;
      repeated Scalars scalars = 21;
      repeated int32 loose = 22 [packed = false];
    }
    message Maps {
      ${lines(mapKeys, (type, i) => `map<${type}, int32> by_${type} = ${i + 1};`)}
      ${lines(scalars, (type, i) => `map<string, ${type}> to_${type} = ${i + 21};`)}
      map<string, Genre> to_genre = 40;
      map<string, Scalars> to_message = 41;
      map<string, google.protobuf.Value> to_value = 42;
      map<string, google.protobuf.NullValue> to_null = 43;
      map<string, google.protobuf.Timestamp> to_timestamp = 44;
    }
    message Choice {
      oneof kind {
        ${lines(scalars, (type, i) => `${type} ${type}_value = ${i + 1};`)}
        Genre genre = 20;
        Scalars scalars = 21;
        google.protobuf.Value value = 22;
        google.protobuf.NullValue null_value = 23;
        google.protobuf.StringValue wrapped = 24;
      }
      oneof other { string left = 30; string right = 31; }
    }
    message Known {
      google.protobuf.Any any = 1;
      google.protobuf.Timestamp timestamp = 2;
      google.protobuf.Duration duration = 3;
      google.protobuf.FieldMask field_mask = 4;
      google.protobuf.Struct struct = 5;
      google.protobuf.Value value = 6;
      google.protobuf.ListValue list_value = 7;
      google.protobuf.Empty empty = 8;
      google.protobuf.NullValue null_value = 9;
      ${lines(wrappers, (type, i) => `google.protobuf.${type}Value ${type.toLowerCase()}_value = ${i + 11};`)}
      repeated google.protobuf.Value values = 30;
      repeated google.protobuf.NullValue nulls = 31;
      repeated google.protobuf.StringValue strings = 32;
      repeated google.protobuf.Any anys = 33;
      optional google.protobuf.NullValue maybe_null = 34;
    }
    message Tree { string label = 1; Tree left = 2; repeated Tree children = 3; map<string, Tree> named = 4; }
    message Author { string given_name = 1; int32 birth_year = 2; }
    message Book { string title = 1; Author author = 2; map<string, int32> labels = 3; repeated int32 years = 4; int32 pages = 5; }
    message Shelf { repeated Book books = 1; }
    message Traps {
      int32 a_b = 1;
      string __proto__ = 2;
      string constructor = 3;
      string toString = 4;
      string renamed = 5 [json_name = "@other name"];
      string far = 536870911;
      string swapped = 6 [json_name = "crossed"];
      string crossed_ = 7 [json_name = "uncrossed"];
    }
    message Wide { ${lines(
      Array.from({ length: 80 }, (_, i) => `${i}`),
      (i) => `string f${i} = ${Number(i) + 1};`,
    )} oneof far { ${lines(
      Array.from({ length: 40 }, (_, i) => `${i}`),
      (i) => `string o${i} = ${Number(i) + 101};`,
    )} } }`,
  "old.proto": `
    syntax = "proto2";
    package old;
    enum Closed { ONE = 1; TWO = 2; }
    enum Zeroed { ZERO = 0; LATER = 7; }
    message Old {
      required int32 id = 1;
      optional string text = 2 [default = "a\\"b"];
      optional Closed closed = 3;
      repeated Closed closeds = 4;
      repeated int32 unpacked = 5;
      repeated int32 packed = 6 [packed = true];
      optional group Part = 7 { optional int32 size = 1; optional Old inner = 2; }
      repeated group Bit = 8 { optional int32 size = 1; }
      optional int64 big = 9 [default = -9007199254740993];
      optional double inf = 10 [default = inf];
      optional bytes raw = 11 [default = "\\001\\377"];
      map<string, Zeroed> closed_by_name = 12;
      oneof pick { Closed closed_pick = 13; string text_pick = 14; }
      extensions 100 to 200;
    }
    message Holder { extend Old { optional Holder held = 103; } optional string note = 1; }
    extend Old { optional int32 number = 100; repeated string words = 101; optional Closed state = 102; repeated int32 packs = 104 [packed = true]; }`,
  "edition.proto": `
    edition = "2023";
    package ed;
    option features.field_presence = IMPLICIT;
    enum Closed { option features.enum_type = CLOSED; ZERO = 0; ONE = 1; }
    message Ed {
      int32 implicit = 1;
      int32 explicit = 2 [features.field_presence = EXPLICIT];
      Ed group = 3 [features.message_encoding = DELIMITED];
      repeated Ed groups = 4 [features.message_encoding = DELIMITED];
      repeated int32 expanded = 5 [features.repeated_field_encoding = EXPANDED];
      Closed closed = 6 [features.field_presence = EXPLICIT];
      map<string, Ed> by_name = 7;
      string text = 8;
    }`,
};

const compiled = compileProto(protoFiles);
export const registry: FileRegistry = compiled.registry;
/** The FileDescriptorSet, for other runtimes. */
export const descriptorSet: Uint8Array = compiled.set;

/** The descriptor of a message of the test schema. */
export function messageDesc(typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}

/** The descriptor of a field by its proto name. */
export function fieldDesc(typeName: string, name: string): DescField {
  const desc = messageDesc(typeName).fields.find((field) => field.name === name);
  if (desc === undefined) throw new Error(`no field ${typeName}.${name}`);
  return desc;
}

/** A codec of the test schema. */
export function testCodec(options: Partial<JsonOptions> = {}): Codec {
  return createCodec(registry, { ...defaultJsonOptions, ...options });
}

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
