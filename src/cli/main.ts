#!/usr/bin/env node
// The program: `node src/cli/main.ts serve …`, which is what `npm start -- …` runs. Only this file touches the process.
import { reportFailure } from "./report.ts";
import { runCommand } from "./run-command.ts";
import { createTerminal } from "./terminal.ts";

const terminal = createTerminal();
let exitCode: number;
try {
  exitCode = await runCommand(process.argv.slice(2), {
    terminal,
    signals: process,
    exit: (code) => process.exit(code),
  });
} catch (error) {
  exitCode = reportFailure(terminal, error);
}
await terminal.flush();
// Not left to the event loop: a handle that somebody forgot must not keep a finished program alive.
process.exit(exitCode);
