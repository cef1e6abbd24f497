// A schema source of .proto files, compiled by protoc. Compiled again when a file changes, imports included.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { declaredSymbols } from "./declared-symbols.ts";
import { createFileSource, type FileRead } from "./file-source.ts";
import { reasonOf } from "./parse-file.ts";
import { findImport, resolveProtoImports } from "./proto-import-names.ts";
import { findProtoc, ownProtoPath } from "./protoc-binary.ts";
import { runProtoc } from "./run-protoc.ts";
import { defaultSchemaLimits } from "./schema-limits.ts";
import type { SchemaSource } from "./source.ts";
import { splitSet } from "./split-set.ts";

export interface ProtoSourceOptions {
  /** Default: `proto files library.proto`, with all paths. */
  readonly name?: string;
  /** Paths of .proto files, or their names below a proto path. */
  readonly files: readonly string[];
  /**
   * Where imports are looked for, in this order; after them come the google and protogate files that we ship and the
   * well-known types. Default: the folders of the files.
   */
  readonly protoPaths?: readonly string[];
  /** Names of the upstreams that serve the services in `files` (not those in imports); empty = an overlay. */
  readonly upstreams: readonly string[];
  /** Between compilations where no folder reports a change. Default 30 s. */
  readonly intervalMs?: number;
  /** For one run of protoc. Default 30 s. */
  readonly timeoutMs?: number;
}

export function createProtoSource(options: ProtoSourceOptions): SchemaSource {
  const { files, protoPaths = [], upstreams, intervalMs, timeoutMs } = options;
  // What is watched while the files do not compile: the error may be in any file of the last good compilation.
  let known: readonly string[] = watchedAtFirst(files, protoPaths);
  return createFileSource({
    name: options.name ?? `proto files ${files.join(", ")}`,
    upstreams,
    files: known,
    ...(intervalMs !== undefined && { intervalMs }),
    async read(signal) {
      const outcome = await compile(files, protoPaths, timeoutMs, signal);
      if (outcome.kind === "failure") return { ...outcome, files: known };
      known = outcome.files;
      return outcome;
    },
  });
}

/** The files and, because an import that is missing may appear there, the import paths themselves. */
function watchedAtFirst(files: readonly string[], protoPaths: readonly string[]): string[] {
  return [
    ...files.map((file) => resolve(file)),
    ...protoPaths.flatMap((path) => [
      resolve(path, "any.proto"),
      ...files.map((file) => resolve(path, file)),
    ]),
  ];
}

async function compile(
  files: readonly string[],
  protoPaths: readonly string[],
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<FileRead> {
  const imports = await resolveProtoImports(files, protoPaths);
  if (imports.problems.length > 0) return { kind: "failure", files: [], problems: imports.problems };
  try {
    const outcome = await runProtoc({
      protoPaths: [...imports.protoPaths, ownProtoPath(), findProtoc().include],
      names: imports.names,
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    if ("problems" in outcome) return { kind: "failure", files: [], problems: outcome.problems };
    const set = splitSet(outcome.set, defaultSchemaLimits, (message) => {
      throw new Error(message);
    });
    const named = new Set(imports.names);
    const services = set
      .filter((file) => named.has(file.name))
      .flatMap((file) => declaredSymbols(file.proto))
      .flatMap((symbol) => (symbol.kind === "service" ? [symbol.name] : []));
    const sources = await Promise.all(set.map((file) => findImport(file.name, imports.protoPaths)));
    return {
      kind: "reading",
      digest: createHash("sha256").update(outcome.set).digest("hex"),
      files: [...watchedAtFirst(files, protoPaths), ...sources.filter((source) => source !== undefined)],
      reading: { files: set.map(({ name, bytes }) => ({ name, bytes })), services },
    };
  } catch (error) {
    return { kind: "failure", files: [], problems: [{ place: files.join(", "), message: reasonOf(error) }] };
  }
}
