// Runs the program: as a function with a recording terminal, or as a process of its own.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after } from "node:test";
import type { CommandContext } from "../../src/cli/command.ts";
import { runCommand } from "../../src/cli/run-command.ts";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In this process, without a terminal. */
export async function run(...args: readonly string[]): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const context: CommandContext = {
    terminal: {
      print: (text) => out.push(`${text}\n`),
      complain: (text) => err.push(`${text}\n`),
      flush: async () => {},
    },
    signals: new EventEmitter(),
    exit: () => {},
  };
  const code = await runCommand(args, context);
  return { code, stdout: out.join(""), stderr: err.join("") };
}

const main = join(import.meta.dirname, "../../src/cli/main.ts");

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Outcome>;
  /** The first match in stdout, as soon as it is there. */
  find(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same in stderr. */
  findError(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What a failed test leaves running would keep the run from ending. */
const running = new Set<Running["child"]>();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** As a process. */
export function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
  });
  const ended = once(child, "close").then(([code]) => {
    running.delete(child);
    return { code: code as number | null, stdout, stderr };
  });
  const search = async (stream: Readable, pattern: RegExp, text: () => string): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text());
      if (match !== null) return match;
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`ended without ${pattern}: ${stdout}${stderr}`);
      }
      await Promise.race([once(stream, "data"), ended]);
    }
  };
  return {
    child,
    ended,
    find: (pattern) => search(child.stdout, pattern, () => stdout),
    findError: (pattern) => search(child.stderr, pattern, () => stderr),
  };
}
