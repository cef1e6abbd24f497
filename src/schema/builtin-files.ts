// The files every schema may import without bringing them: well-known types, google.api.http and what goes with it, our
// own options. Backends send them cut down (proto-loader), in old versions, or not at all; ours stand in for all of these.
import { type DescFile, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { file_google_api_annotations } from "../gen/google/api/annotations_pb.ts";
import { file_google_api_field_behavior } from "../gen/google/api/field_behavior_pb.ts";
import { file_google_api_http } from "../gen/google/api/http_pb.ts";
import { file_google_api_httpbody } from "../gen/google/api/httpbody_pb.ts";
import { file_google_rpc_code } from "../gen/google/rpc/code_pb.ts";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { file_google_rpc_status } from "../gen/google/rpc/status_pb.ts";
import { file_protogate_v1_options } from "../gen/protogate/v1/options_pb.ts";
import type { SchemaFile } from "./source.ts";

const descs: readonly DescFile[] = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  file_google_api_annotations,
  file_google_api_field_behavior,
  file_google_api_http,
  file_google_api_httpbody,
  file_google_rpc_code,
  file_google_rpc_error_details,
  file_google_rpc_status,
  file_protogate_v1_options,
];

export interface BuiltinFile extends SchemaFile {
  readonly desc: DescFile;
}

let encoded: readonly BuiltinFile[] | undefined;

/** All built-in files, encoded on first use. Each imports only others of them. */
export function builtinFiles(): readonly BuiltinFile[] {
  encoded ??= descs.map((desc) => ({
    name: desc.proto.name,
    bytes: toBinary(FileDescriptorProtoSchema, desc.proto),
    desc,
  }));
  return encoded;
}

const names: ReadonlySet<string> = new Set(descs.map((desc) => desc.proto.name));

export function isBuiltinFile(name: string): boolean {
  return names.has(name);
}
