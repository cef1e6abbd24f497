// How problems and failures look on stderr: one line each, place first, then where to read on.
import { formatProblem, type Problem } from "../schema/problem.ts";
import type { ExitCode } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Mistakes in the command line or the config. @returns the exit code for them, 2 */
export function reportUsage(terminal: Terminal, problems: readonly Problem[], topic?: string): ExitCode {
  for (const problem of problems) terminal.complain(formatProblem(problem));
  terminal.complain(`See \`protogate help${topic === undefined ? "" : ` ${topic}`}\`.`);
  return 2;
}

/** What stopped the program, in one line; a stack only for what nobody expected. @returns the exit code for it, 1 */
export function reportFailure(terminal: Terminal, error: unknown): ExitCode {
  terminal.complain(`protogate: ${describeFailure(error)}`);
  return 1;
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const failure = error as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
  const place = failure.port === undefined ? "" : ` on ${failure.address ?? ""}:${failure.port}`;
  switch (failure.code) {
    case "EADDRINUSE":
      return `cannot listen${place}: the address is in use; choose another with --listen or --admin (port 0 = any free one)`;
    case "EACCES":
      if (failure.syscall === "listen") return `cannot listen${place}: permission denied`;
      break;
    case "EADDRNOTAVAIL":
      return `cannot listen${place}: this machine has no such address`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      if (failure.syscall === "getaddrinfo") return `cannot listen: no such host (${failure.message})`;
      break;
    default:
  }
  return failure.code === undefined ? (error.stack ?? error.message) : error.message;
}
