// A schema source of FileDescriptorSet files, as `protoc --descriptor_set_out --include_imports` and `buf build` write
// them. Read again when a file changes.
// Source: google/protobuf/descriptor.proto, FileDescriptorSet
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { createFileSource, type FileRead } from "./file-source.ts";
import { reasonOf } from "./parse-file.ts";
import type { Problem } from "./problem.ts";
import { createProblemList } from "./problem-list.ts";
import { defaultSchemaLimits, type SchemaLimits } from "./schema-limits.ts";
import type { SchemaFile, SchemaSource } from "./source.ts";
import { splitSet } from "./split-set.ts";

export interface DescriptorSetSourceOptions {
  /** Default: `descriptor set api.binpb`, with all paths. */
  readonly name?: string;
  /** Paths of descriptor set files; where two hold a file of the same name, the first serves. */
  readonly files: readonly string[];
  /** Names of the upstreams that serve the services in it; empty = an overlay. */
  readonly upstreams: readonly string[];
  /** Between checks where no folder reports a change. Default 30 s. */
  readonly intervalMs?: number;
  readonly limits?: SchemaLimits;
}

export function createDescriptorSetSource(options: DescriptorSetSourceOptions): SchemaSource {
  const { files, upstreams, intervalMs, limits = defaultSchemaLimits } = options;
  return createFileSource({
    name: options.name ?? `descriptor set ${files.join(", ")}`,
    upstreams,
    files: files.map((path) => resolve(path)),
    read: () => readSets(files, limits),
    ...(intervalMs !== undefined && { intervalMs }),
  });
}

async function readSets(paths: readonly string[], limits: SchemaLimits): Promise<FileRead> {
  const watched = paths.map((path) => resolve(path));
  const hash = createHash("sha256");
  const files = new Map<string, SchemaFile>();
  const failures: Problem[] = [];
  const problems = createProblemList();
  for (const path of paths) {
    try {
      const bytes = await readBounded(path, limits.bytes);
      hash.update(`${bytes.byteLength}:`).update(bytes);
      for (const file of splitSet(bytes, limits, (message) => problems.add(path, message))) {
        if (!files.has(file.name)) files.set(file.name, { name: file.name, bytes: file.bytes });
      }
    } catch (error) {
      failures.push({ place: path, message: `cannot be read as a descriptor set: ${explain(error)}` });
    }
  }
  // One unreadable file among several would silently take its services away: the last good reading is better.
  if (failures.length > 0) return { kind: "failure", files: watched, problems: failures };
  const reading = { files: [...files.values()], problems: problems.toArray() };
  return { kind: "reading", files: watched, digest: hash.digest("hex"), reading };
}

/** Reads at most `limit` bytes: a path may be a device or a pipe as well. */
async function readBounded(path: string, limit: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > limit) throw new Error(`it has ${size} bytes, the limit is ${limit}`);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      length += chunk.length;
      if (length > limit) throw new Error(`it has more than ${limit} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

function explain(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) {
    if (error.code === "ENOENT") return "there is no such file";
    if (error.code === "EISDIR") return "it is a directory";
    if (error.code === "EACCES") return "permission denied";
  }
  return reasonOf(error);
}
