// A server as a child process: started when it has said where it listens, stopped when it has ended. Its output is kept
// in part, for the message when something goes wrong.
import { spawn } from "node:child_process";

export interface ListeningProcess {
  readonly pid: number;
  /** What the first group of the pattern matched. */
  readonly address: string;
  /** The end of what it has printed, stdout and stderr together. */
  readonly output: () => string;
  /** The exit code, once it has ended; null = by a signal. */
  readonly exitCode: Promise<number | null>;
  /** Sends the signal, SIGKILL 5 seconds later, and resolves when the process has ended. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take to listen; default 30 s: a JVM on a busy machine. */
  readonly startMs?: number;
}

const outputCharacterCount = 16_000;
const stopMs = 5_000;

/** @throws Error with the end of its output where it ends or does not say `listening` in time */
export async function startProcess(
  command: string,
  args: readonly string[],
  listening: RegExp,
  options: ProcessOptions = {},
): Promise<ListeningProcess> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test run that dies must not leave servers behind.
  const killWithParent = (): void => void child.kill("SIGKILL");
  process.once("exit", killWithParent);
  const exitCode = new Promise<number | null>((resolve) => {
    const end = (code: number | null): void => {
      process.off("exit", killWithParent);
      resolve(code);
    };
    child.once("close", end);
    child.once("error", () => end(null));
  });

  let output = "";
  const address = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`${command} ${args.join(" ")} ${why}\n${output.trim()}`));
    };
    const timer = setTimeout(fail, options.startMs ?? 30_000, "did not come to listen");
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-outputCharacterCount);
      const found = listening.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", (error) => fail(`did not start: ${error.message}`));
    child.once("close", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? "a signal"}`);
    });
  });

  return {
    pid: child.pid ?? 0,
    address,
    output: () => output,
    exitCode,
    async stop(signal) {
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await exitCode;
      clearTimeout(timer);
    },
  };
}
