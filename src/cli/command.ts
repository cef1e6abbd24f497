// What a command is: a name, a help page, flags, and a function from arguments to an exit code.
import type { FlagSpec } from "../config/flag-spec.ts";
import type { ParsedArguments } from "../config/parse-arguments.ts";
import type { Terminal } from "./terminal.ts";

/** 0 = done, 1 = problems were found or it failed, 2 = the command line or the config is wrong. */
export type ExitCode = 0 | 1 | 2;

export interface CommandContext {
  readonly terminal: Terminal;
  /** Where signals come from; the process itself outside of tests. */
  readonly signals: SignalSource;
  /** Ends the process at once, for the second signal. */
  readonly exit: (code: number) => void;
}

export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** `protogate serve [UPSTREAM …] [flags]` */
  readonly usage: string;
  /** Paragraphs between the usage and the flags; their lines are broken anew. */
  readonly about: string;
  /** Shown below the flags. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  /** In the order of help, without the common ones. */
  readonly flags: readonly FlagSpec[];
  /** The arguments are parsed and `--help` is dealt with; problems in them are the command's to report. */
  run(args: ParsedArguments, context: CommandContext): Promise<ExitCode>;
}
