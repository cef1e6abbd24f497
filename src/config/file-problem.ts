// What is wrong with a path that people gave us: not there (with the nearest name that is), a folder, unreadable.
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nearestName } from "../schema/nearest-name.ts";
import type { Problem } from "../schema/problem.ts";

/** The problem behind an error of `node:fs` about a path. */
export function fileProblem(file: string, error: unknown, place: string = file): Problem {
  const prefix = place === file ? "" : `${file}: `;
  return { place, message: `${prefix}${reasonOf(file, error)}` };
}

/** Why a path cannot be read as a file or as a folder; undefined when it can. */
export function whyUnreadable(path: string, kind: "file" | "folder"): string | undefined {
  try {
    const status = statSync(path);
    if (kind === "file" && status.isDirectory()) return "is a folder, expected a file";
    if (kind === "folder" && !status.isDirectory()) return "is a file, expected a folder";
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return reasonOf(path, error);
  }
}

function reasonOf(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? `${error.code}` : "";
  switch (code) {
    case "ENOENT":
      return `no such file${nearestFile(path)}`;
    case "ENOTDIR":
      return "no such file: a part of its path is no folder";
    case "EISDIR":
      return "is a folder, expected a file";
    case "EACCES":
    case "EPERM":
      return "not readable: permission denied";
    default:
      return `not readable: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function nearestFile(path: string): string {
  const folder = dirname(path);
  try {
    const name = nearestName(basename(path), readdirSync(folder).slice(0, 1000));
    return name === undefined ? "" : `, did you mean \`${join(folder, name)}\`?`;
  } catch {
    return ` (there is no folder \`${folder}\`)`;
  }
}
