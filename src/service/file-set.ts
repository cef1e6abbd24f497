// Files as reflection sends them, with the registry that knows what is in them.
import type { DescFile, FileRegistry } from "@bufbuild/protobuf";
import type { SchemaFile } from "../schema/source.ts";

export interface FoundFile {
  readonly name: string;
  /** `google.protobuf.FileDescriptorProto`, binary, as its source gave it. */
  readonly bytes: Uint8Array;
  /** Names of the files it imports, in their order. */
  readonly imports: readonly string[];
}

export interface FileSet {
  readonly registry: FileRegistry;
  /** The file to send for one of the registry; `undefined` where there is none. */
  fileOf(desc: DescFile): FoundFile | undefined;
  fileNamed(name: string): FoundFile | undefined;
  /** Of all files. */
  names(): Iterable<string>;
}

/** The files of a schema. The registry has been built from them. */
export function createSchemaFiles(files: readonly SchemaFile[], registry: FileRegistry): FileSet {
  const bytesOf = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const fileOf = ({ proto: { name, dependency, optionDependency } }: DescFile): FoundFile | undefined => {
    const bytes = bytesOf.get(name);
    return bytes && { name, bytes, imports: [...dependency, ...optionDependency] };
  };
  return {
    registry,
    fileOf,
    fileNamed(name) {
      const desc = registry.getFile(name);
      return desc && fileOf(desc);
    },
    names: () => bytesOf.keys(),
  };
}
