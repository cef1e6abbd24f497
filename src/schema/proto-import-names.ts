// The names by which .proto files on disk are imported: their paths below an import path.
// Source: protoc's --proto_path
import { access } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Problem } from "./problem.ts";

export interface ProtoImports {
  /** Import names of the files, in their order. */
  readonly names: readonly string[];
  /** The given paths and the folders of files that are below none of them. */
  readonly protoPaths: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * A file may be given as a path on disk (`protos/demo/a.proto`) or as it is imported (`demo/a.proto`, below one of the
 * paths). A file below no path is imported by its bare name from its own folder.
 */
export async function resolveProtoImports(
  files: readonly string[],
  protoPaths: readonly string[],
): Promise<ProtoImports> {
  const paths = [...protoPaths];
  const names = new Set<string>();
  const problems: Problem[] = [];
  for (const file of files) {
    const found = (await exists(file)) ? nameOnDisk(file, paths) : await nameBelow(file, protoPaths);
    if (found === undefined) problems.push({ place: file, message: "there is no such file" });
    // protoc would read these as flags.
    else if (/^[-@]/.test(found))
      problems.push({ place: file, message: "a file name must not begin with - or @" });
    else names.add(found);
  }
  return { names: [...names], protoPaths: paths, problems };
}

function nameOnDisk(file: string, paths: string[]): string {
  for (const path of paths) {
    const below = relative(resolve(path), resolve(file));
    if (below !== "" && !below.startsWith("..") && !isAbsolute(below)) return below.split(sep).join("/");
  }
  paths.push(dirname(file));
  return basename(file);
}

async function nameBelow(file: string, paths: readonly string[]): Promise<string | undefined> {
  if (isAbsolute(file)) return undefined;
  for (const path of paths) if (await exists(join(path, file))) return file.split(sep).join("/");
  return undefined;
}

/** The file that an import means: the first below the paths. */
export async function findImport(name: string, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(join(path, name))) return resolve(path, name);
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
