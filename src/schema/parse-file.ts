// Decodes one FileDescriptorProto from bytes that anyone may have written: total, within limits.
// Source: google/protobuf/descriptor.proto
import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { countDescriptorObjects } from "./descriptor-objects.ts";
import type { SchemaLimits } from "./schema-limits.ts";
import { shorten } from "./shorten.ts";

export interface ParsedFile {
  readonly proto: FileDescriptorProto;
  /** See `SchemaLimits.objects`. */
  readonly objects: number;
}

/** A file, or the reason why it is none. */
export type ParseResult = ParsedFile | { readonly reason: string };

export function parseFile(bytes: Uint8Array, limits: SchemaLimits): ParseResult {
  if (bytes.byteLength > limits.fileBytes) {
    return {
      reason: `the descriptor has ${bytes.byteLength} bytes, the limit for one file is ${limits.fileBytes}`,
    };
  }
  const objects = countDescriptorObjects(bytes, limits.fileObjects);
  if (objects > limits.fileObjects) {
    return { reason: `the descriptor has more than ${limits.fileObjects} elements, the limit for one file` };
  }
  try {
    const proto = fromBinary(FileDescriptorProtoSchema, bytes);
    const reason = checkNames(proto);
    return reason === undefined ? { proto, objects } : { reason };
  } catch (error) {
    return { reason: `not a google.protobuf.FileDescriptorProto: ${reasonOf(error)}` };
  }
}

/** Full names are joined, hashed and compared all the time: an absurd one would cost quadratic work. */
const maxNameLength = 255;

function checkNames(proto: FileDescriptorProto): string | undefined {
  if (proto.name === "") return "the descriptor has no file name";
  const tooLong = (name: string): boolean => name.length > maxNameLength;
  const inMessage = (message: DescriptorProto): boolean =>
    tooLong(message.name) ||
    message.enumType.some((it) => tooLong(it.name)) ||
    message.nestedType.some(inMessage);
  const found =
    tooLong(proto.package) ||
    [...proto.enumType, ...proto.service, ...proto.extension].some((it) => tooLong(it.name)) ||
    proto.messageType.some(inMessage);
  return found ? `a name in it is longer than ${maxNameLength} characters` : undefined;
}

/** The text of anything that was thrown, short enough to be shown. */
export function reasonOf(error: unknown): string {
  return shorten(error instanceof Error ? error.message : String(error), 300);
}
