// Compiles inline .proto text for tests with the same protoc that the gateway ships, so that tests state their schema
// beside what they assert. Well-known types and everything under protos/ can be imported.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const root = join(import.meta.dirname, "../..");

export interface CompiledProto {
  readonly registry: FileRegistry;
  /** The FileDescriptorSet, imports included, with source info, protobuf binary. */
  readonly set: Uint8Array;
}

/**
 * Compiles files given as path → text, `{ "a/b.proto": 'syntax = "proto3"; …' }`.
 * @throws Error with protoc's `file:line:col: message` lines when the text is no valid proto
 */
export function compileProto(files: Readonly<Record<string, string>>): CompiledProto {
  const folder = mkdtempSync(join(tmpdir(), "protogate-proto-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    const output = join(folder, "descriptor-set.binpb");
    execFileSync(
      join(root, "node_modules/.bin/protoc"),
      [
        `-I${folder}`,
        `-I${join(root, "protos")}`,
        `-I${join(root, "node_modules/protoc/include")}`,
        "--include_imports",
        "--include_source_info",
        `--descriptor_set_out=${output}`,
        ...Object.keys(files),
      ],
      { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" },
    );
    const set = new Uint8Array(readFileSync(output));
    return { set, registry: createFileRegistry(fromBinary(FileDescriptorSetSchema, set)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
