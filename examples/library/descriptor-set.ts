// The files of gen/library.binpb as reflection hands them out: each as the very bytes that protoc wrote, custom
// options and comments included. Read when somebody asks first; starting does not wait for it.
// Source: google/protobuf/descriptor.proto, FileDescriptorSet.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileRegistry, type DescFile, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Field `file` of FileDescriptorSet. */
const fileField = 1;

export interface DescriptorSet {
  readonly registry: FileRegistry;
  /** Bytes of a file by its name. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

let loading: Promise<DescriptorSet> | undefined;

export function loadDescriptorSet(): Promise<DescriptorSet> {
  loading ??= readFile(join(import.meta.dirname, "gen/library.binpb")).then(parseDescriptorSet);
  return loading;
}

function parseDescriptorSet(set: Uint8Array): DescriptorSet {
  const bytes = new Map<string, Uint8Array>();
  const reader = new BinaryReader(set);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== fileField || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    const file = reader.bytes();
    bytes.set(fromBinary(FileDescriptorProtoSchema, file).name, file);
  }
  return { registry: createFileRegistry(fromBinary(FileDescriptorSetSchema, set)), bytes };
}

/** A file and all it imports, imports first. */
export function withImports(file: DescFile, seen = new Set<DescFile>()): DescFile[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return [...file.dependencies.flatMap((dependency) => withImports(dependency, seen)), file];
}
