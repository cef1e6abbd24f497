// From the words of the command line to an exit code: finds the command, answers --help and --version, and says which
// word was meant by a wrong one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commonFlags } from "../config/flag-spec.ts";
import { parseArguments } from "../config/parse-arguments.ts";
import { quoted } from "../config/parsed.ts";
import { nearestName } from "../schema/nearest-name.ts";
import { parseNamedTarget } from "../upstream/target.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import { commands } from "./commands.ts";
import { commandNames, helpCommand, helpPage } from "./help.ts";
import { reportUsage } from "./report.ts";

/** @param args without the program: `["serve", "localhost:50051"]` */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const [word, ...rest] = args;
  if (word === undefined || word === "--help" || word === "-h") {
    terminal.print(helpPage(undefined) ?? "");
    return 0;
  }
  if (word === "--version") return printVersion(context);

  const command = [...commands, helpCommand].find((candidate) => candidate.name === word);
  if (command === undefined) {
    return reportUsage(terminal, [{ place: quoted(word), message: `no such command${hintFor(word)}` }]);
  }
  const parsed = parseArguments(rest, [...command.flags, ...commonFlags]);
  if (parsed.values.has("help")) {
    terminal.print(helpPage(command.name) ?? "");
    return 0;
  }
  if (parsed.values.has("version")) return printVersion(context);
  return command.run(parsed, context);
}

function hintFor(word: string): string {
  const nearest = nearestName(word, commandNames());
  if (nearest !== undefined) return `, did you mean \`${nearest}\`?`;
  // An address or a flag in first place: the command was forgotten.
  if (word.startsWith("-") || parseNamedTarget(word).ok) return `, did you mean \`protogate serve ${word}\`?`;
  return `; expected one of ${commandNames().join(", ")}`;
}

function printVersion({ terminal }: CommandContext): ExitCode {
  const file = join(import.meta.dirname, "..", "..", "package.json");
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  const version =
    typeof content === "object" && content !== null && "version" in content ? content.version : "?";
  terminal.print(`protogate ${version} (node ${process.version})`);
  return 0;
}
