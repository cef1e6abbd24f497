// Finds the file that declares a name, as server reflection asks for it: by file name, symbol or extension.
// Source: protos/grpc/reflection/v1/reflection.proto; descriptor.proto for what the full name of a symbol is.
import type { DescFile, FileRegistry } from "@bufbuild/protobuf";
import { qualifyName } from "../schema/declared-symbols.ts";
import type { FileSet, FoundFile } from "./file-set.ts";

/** All names are without a leading dot; what there is not is `undefined`. */
export interface FileLookup {
  fileNamed(name: string): FoundFile | undefined;
  /**
   * By the full name of a message, enum, enum value, extension, field, oneof, service or method. An enum value is found
   * beside its enum, where protobuf has it, and also inside, where Java says it is.
   */
  fileOfSymbol(symbol: string): FoundFile | undefined;
  fileOfExtension(extendee: string, number: number): FoundFile | undefined;
  /** In ascending order, empty for a message that nothing extends; `undefined` for what is no message. */
  extensionNumbers(extendee: string): readonly number[] | undefined;
}

/**
 * A lookup over file sets of which an earlier one hides what a later one calls the same. Indexes are built when they
 * are first needed.
 */
export function createFileLookup(sets: readonly FileSet[]): FileLookup {
  const enumValues = lazy(() => indexEnumValues(sets));
  const extensions = lazy(() => indexExtensions(sets));
  const find = (search: (set: FileSet) => FoundFile | undefined): FoundFile | undefined => {
    for (const set of sets) {
      const file = search(set);
      if (file !== undefined) return file;
    }
    return undefined;
  };
  return {
    fileNamed: (name) => find((set) => set.fileNamed(name)),
    fileOfSymbol(symbol) {
      const declaring = find((set) => {
        const desc = declaringFile(set.registry, symbol);
        return desc && set.fileOf(desc);
      });
      return declaring ?? enumValues().get(symbol);
    },
    fileOfExtension: (extendee, number) =>
      find(({ registry, fileOf }) => {
        const message = registry.getMessage(extendee);
        const desc = message && registry.getExtensionFor(message, number)?.file;
        return desc && fileOf(desc);
      }),
    extensionNumbers(extendee) {
      const known = sets.some(({ registry }) => registry.getMessage(extendee) !== undefined);
      return known ? (extensions().get(extendee) ?? []) : undefined;
    },
  };
}

function declaringFile(registry: FileRegistry, symbol: string): DescFile | undefined {
  const type = registry.get(symbol);
  if (type !== undefined) return type.file;
  const dot = symbol.lastIndexOf(".");
  const parent = dot < 0 ? undefined : registry.get(symbol.slice(0, dot));
  if (parent === undefined) return undefined;
  const name = symbol.slice(dot + 1);
  const isName = (it: { readonly name: string }): boolean => it.name === name;
  switch (parent.kind) {
    case "message": {
      // Read from the proto because the entries of maps are in no list of the desc.
      const { field, oneofDecl, nestedType, enumType } = parent.proto;
      const has =
        field.some(isName) ||
        oneofDecl.some(isName) ||
        nestedType.some(isName) ||
        enumType.some(({ value }) => value.some(isName));
      return has ? parent.file : undefined;
    }
    case "enum":
      return parent.values.some(isName) ? parent.file : undefined;
    case "service":
      return parent.methods.some(isName) ? parent.file : undefined;
    case "extension":
      return undefined;
  }
}

/** Of the enums at the top level: their values belong to the package, which no registry knows. */
function indexEnumValues(sets: readonly FileSet[]): ReadonlyMap<string, FoundFile> {
  const index = new Map<string, FoundFile>();
  for (const { registry, fileOf } of sets) {
    for (const desc of registry.files) {
      const file = desc.enums.length === 0 ? undefined : fileOf(desc);
      if (file === undefined) continue;
      for (const { values } of desc.enums) {
        for (const { name } of values) {
          const symbol = qualifyName(desc.proto.package, name);
          if (!index.has(symbol)) index.set(symbol, file);
        }
      }
    }
  }
  return index;
}

function indexExtensions(sets: readonly FileSet[]): ReadonlyMap<string, readonly number[]> {
  const index = new Map<string, number[]>();
  for (const { registry } of sets) {
    for (const type of registry) {
      if (type.kind !== "extension") continue;
      const numbers = index.get(type.extendee.typeName) ?? [];
      numbers.push(type.number);
      index.set(type.extendee.typeName, numbers);
    }
  }
  for (const [extendee, numbers] of index) {
    index.set(
      extendee,
      [...new Set(numbers)].sort((a, b) => a - b),
    );
  }
  return index;
}

function lazy<T>(build: () => T): () => T {
  let built: { readonly value: T } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}
