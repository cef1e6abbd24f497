// Builds the registry from linked files. Linking has made sure that this works; if the library refuses a file all the
// same, the registry is built without it and without what depends on it.
import { create, createFileRegistry, type FileRegistry } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { reasonOf } from "./parse-file.ts";

export type RegistryResult =
  | { readonly registry: FileRegistry }
  /** `culprit` is the place in `files` of the one that could not be built. */
  | { readonly culprit: number; readonly reason: string };

/** @param files with their dependencies before them */
export function buildRegistry(files: readonly FileDescriptorProto[]): RegistryResult {
  let reached = -1;
  // The library throws bare errors that name no file, but it pulls the files one by one.
  const pulled = Object.defineProperty([...files], Symbol.iterator, {
    value: function* () {
      for (const file of files) {
        reached++;
        yield file;
      }
    },
  });
  const set = create(FileDescriptorSetSchema);
  set.file = pulled;
  try {
    return { registry: createFileRegistry(set) };
  } catch (error) {
    return { culprit: Math.max(0, reached), reason: reasonOf(error) };
  }
}
