// Runs protoc over .proto files and reads what it says: a descriptor set, or one problem per `file:line:col: message`.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf } from "./parse-file.ts";
import type { Problem } from "./problem.ts";
import { findProtoc } from "./protoc-binary.ts";
import { shorten } from "./shorten.ts";

export interface ProtocRun {
  /** Import paths in the order in which they are searched. */
  readonly protoPaths: readonly string[];
  /** Names of the files as an import would write them. */
  readonly names: readonly string[];
  /** Default 30 s; compiling thousands of files takes one. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** `set` is a FileDescriptorSet with imports and source locations, binary. */
export type ProtocOutcome = { readonly set: Uint8Array } | { readonly problems: readonly Problem[] };

export async function runProtoc(run: ProtocRun): Promise<ProtocOutcome> {
  let folder: string | undefined;
  try {
    const { binary } = findProtoc();
    folder = await mkdtemp(join(tmpdir(), "protogate-"));
    const output = join(folder, "set.binpb");
    const list = join(folder, "arguments");
    const lines = [
      ...run.protoPaths.map((path) => `--proto_path=${path}`),
      "--include_imports",
      "--include_source_info",
      `--descriptor_set_out=${output}`,
      ...run.names,
    ];
    const broken = lines.find((line) => /[\r\n]/.test(line));
    if (broken !== undefined) throw new Error(`there is a line break in ${shorten(broken)}`);
    // A file of arguments has no length limit, and no shell has a say in it.
    await writeFile(list, lines.join("\n"));
    const failure = await execute(binary, [`@${list}`], run);
    return failure === undefined ? { set: await readFile(output) } : { problems: failure };
  } catch (error) {
    return { problems: [{ place: "protoc", message: reasonOf(error) }] };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Resolves when the process is gone, with its problems where it failed. */
function execute(
  binary: string,
  args: readonly string[],
  { signal, timeoutMs = 30_000 }: ProtocRun,
): Promise<readonly Problem[] | undefined> {
  return new Promise((resolve) => {
    const options = {
      signal,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: 4 * 1024 * 1024,
    } as const;
    execFile(binary, [...args], options, (error, _, stderr) => {
      if (error === null) return resolve(undefined);
      const problems = parseProtocErrors(stderr);
      if (problems.length > 0) return resolve(problems);
      const message = error.killed === true ? `was stopped after ${timeoutMs} ms` : reasonOf(error);
      resolve([{ place: "protoc", message: `compiling failed: ${message}` }]);
    });
  });
}

/** Problems shown of one run. */
const maxProblems = 100;

/** Reads protoc's error output; warnings and anything that names no file are left out where there are real errors. */
export function parseProtocErrors(text: string): readonly Problem[] {
  const problems: Problem[] = [];
  const other: Problem[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (problems.length >= maxProblems) break;
    // A drive letter (`C:\…`) is part of the file's name.
    const match = /^((?:[A-Za-z]:)?[^:]+(?::\d+:\d+)?):\s+(.*)$/.exec(line);
    const [, place, message] = match ?? [];
    if (place === undefined || message === undefined) {
      if (line.trim() !== "") other.push({ place: "protoc", message: shorten(line.trim(), 500) });
      continue;
    }
    if (message.startsWith("warning:") || place === "warning") continue;
    const hint =
      message === "File not found." ? " Give the folder it is imported from with --proto-path." : "";
    problems.push({ place, message: `${shorten(message, 500)}${hint}` });
  }
  return problems.length > 0 ? problems : other.slice(0, maxProblems);
}
