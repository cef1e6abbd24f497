// Decodes what one source read, within the limits of a source. What cannot be decoded costs that file.

import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { makeNamesAbsolute } from "./absolute-names.ts";
import { builtinFiles } from "./builtin-files.ts";
import { declaredSymbols, declaredTypes } from "./declared-symbols.ts";
import { parseFile } from "./parse-file.ts";
import type { ProblemList } from "./problem-list.ts";
import type { SchemaLimits } from "./schema-limits.ts";
import { shorten } from "./shorten.ts";
import type { SchemaReading } from "./source.ts";

/** One source's reading and who serves it. */
export interface SchemaInput {
  /** The source's name. */
  readonly source: string;
  /** As `SchemaSource.upstreams`: empty = an overlay. */
  readonly upstreams: readonly string[];
  readonly reading: SchemaReading;
}

export interface ParsedInputFile {
  readonly proto: FileDescriptorProto;
  readonly bytes: Uint8Array;
  readonly objects: number;
  /** Whether relative type names were made absolute in `proto`, so that `bytes` say it differently. */
  readonly rewritten: boolean;
}

export interface ParsedInput {
  readonly source: string;
  readonly upstreams: readonly string[];
  readonly files: readonly ParsedInputFile[];
  /** Full names of the services offered, without those that the gateway answers itself. */
  readonly offered: readonly string[];
  /** Symbols of files that are known to be unusable, with the file's name. */
  readonly lost: ReadonlyMap<string, string>;
}

/** Where a problem with a file is: `demo/library.proto in reflection of library`. */
export function filePlace(file: string, source: string): string {
  return `${shorten(file)} in ${source}`;
}

/** Reflection and health of a backend are about the backend; the gateway answers them itself. */
export function isGatewayService(name: string): boolean {
  return name.startsWith("grpc.reflection.") || name.startsWith("grpc.health.");
}

/** @param isUnusable whether a file is known to be unusable; only its names are taken then */
export function parseInput(
  input: SchemaInput,
  limits: SchemaLimits,
  problems: ProblemList,
  isUnusable: (bytes: Uint8Array) => boolean,
): ParsedInput {
  const files = new Map<string, ParsedInputFile>();
  const lost = new Map<string, string>();
  let [bytes, objects, refused] = [0, 0, 0];
  for (const file of input.reading.files) {
    if (files.size >= limits.files || bytes + file.bytes.byteLength > limits.bytes) {
      refused++;
      continue;
    }
    const parsed = parseFile(file.bytes, limits);
    if ("reason" in parsed) {
      problems.add(filePlace(file.name, input.source), parsed.reason);
      continue;
    }
    const { proto } = parsed;
    if (isPlaceholder(proto)) continue;
    // The first of a name serves, as protoc does with include paths.
    if (files.has(proto.name)) continue;
    if (objects + parsed.objects > limits.objects) {
      refused++;
      continue;
    }
    bytes += file.bytes.byteLength;
    objects += parsed.objects;
    files.set(proto.name, { proto, bytes: file.bytes, objects: parsed.objects, rewritten: false });
  }
  if (refused > 0) {
    problems.add(
      input.source,
      `${refused} files are beyond the limits of a source (${limits.files} files, ${limits.bytes} bytes, ${limits.objects} elements) and were left out`,
    );
  }
  const all = [...files.values()];
  const list = all.filter((file) => {
    if (!isUnusable(file.bytes)) return true;
    for (const symbol of declaredSymbols(file.proto)) lost.set(symbol.name, file.proto.name);
    return false;
  });
  const offered = input.reading.services ?? servicesOf(all);
  return {
    source: input.source,
    upstreams: input.upstreams,
    files: makeAllAbsolute(list),
    lost,
    offered: [...new Set(offered)].filter((name) => !isGatewayService(name)),
  };
}

/**
 * Go's reflection sends an empty file with the syntax `<unknown:0>` for an import that it does not have.
 * @see https://github.com/grpc/grpc-go/issues/6770
 */
export function isPlaceholder(proto: FileDescriptorProto): boolean {
  return proto.syntax.startsWith("<") && declaredSymbols(proto).length === 0;
}

function servicesOf(files: readonly ParsedInputFile[]): string[] {
  return files.flatMap(({ proto }) =>
    declaredSymbols(proto)
      .filter((symbol) => symbol.kind === "service")
      .map((symbol) => symbol.name),
  );
}

function makeAllAbsolute(files: readonly ParsedInputFile[]): ParsedInputFile[] {
  // Built only where a relative name is met, which protoc never writes.
  let types: Set<string> | undefined;
  const isType = (name: string): boolean => {
    types ??= new Set([...files.flatMap(({ proto }) => typeNames(proto)), ...builtinTypeNames()]);
    return types.has(name);
  };
  return files.map((file) => ({ ...file, rewritten: makeNamesAbsolute(file.proto, isType) }));
}

function typeNames(proto: FileDescriptorProto): string[] {
  return declaredSymbols(proto).flatMap((symbol) => declaredTypes(symbol).map((type) => type.name));
}

let builtinTypes: readonly string[] | undefined;

function builtinTypeNames(): readonly string[] {
  builtinTypes ??= builtinFiles().flatMap(({ desc }) => typeNames(desc.proto));
  return builtinTypes;
}
