// Takes a FileDescriptorSet apart without decoding it as a whole: each file keeps its bytes.
// Source: google/protobuf/descriptor.proto, FileDescriptorSet
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type ParsedFile, parseFile } from "./parse-file.ts";
import type { SchemaLimits } from "./schema-limits.ts";
import type { SchemaFile } from "./source.ts";

export interface SetFile extends SchemaFile, ParsedFile {}

/**
 * The files of a set in its order. A file that cannot be decoded is reported and left out.
 * @throws Error when the bytes are no set, or hold no usable file
 */
export function splitSet(
  bytes: Uint8Array,
  limits: SchemaLimits,
  report: (message: string) => void,
): readonly SetFile[] {
  if (bytes.byteLength === 0) throw new Error("it is empty");
  const files: SetFile[] = [];
  const reader = new BinaryReader(bytes);
  let objects = 0;
  for (let count = 1; reader.pos < reader.len; ) {
    const [field, type] = reader.tag();
    if (field !== 1 || type !== WireType.LengthDelimited) {
      reader.skip(type, field);
      continue;
    }
    if (count > limits.files) throw new Error(`it has more than ${limits.files} files`);
    const file = reader.bytes();
    const parsed = parseFile(file, limits);
    if ("reason" in parsed) report(`file ${count} of the set is left out: ${parsed.reason}`);
    else {
      objects += parsed.objects;
      if (objects > limits.objects) throw new Error(`it has more than ${limits.objects} elements`);
      files.push({ ...parsed, name: parsed.proto.name, bytes: new Uint8Array(file) });
    }
    count++;
  }
  if (files.length === 0) throw new Error("there is no usable file in it; is it a FileDescriptorSet?");
  return files;
}
