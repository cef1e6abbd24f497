// Reads a command line against a table of flags: values, positionals, and every mistake with the nearest valid flag.
// node:util finds the tokens; what they mean is decided here, because its own errors come one at a time.
import { parseArgs } from "node:util";
import { nearestName } from "../schema/nearest-name.ts";
import type { Problem } from "../schema/problem.ts";
import type { FlagSpec } from "./flag-spec.ts";
import { quoted } from "./parsed.ts";

export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** The values of each flag that was given; for one that takes none, an empty list. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

/** `--flag value`, `--flag=value`, `-h`; everything after `--` is positional. */
export function parseArguments(args: readonly string[], flags: readonly FlagSpec[]): ParsedArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        {
          type: flag.value === undefined ? "boolean" : "string",
          multiple: true,
          ...(flag.short === undefined ? {} : { short: flag.short }),
        } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const problems: Problem[] = [];
  const problem = (place: string, message: string) => problems.push({ place, message });

  let misspelled = false;
  for (const token of tokens) {
    // The value of a misspelled flag is no argument of its own; one message is enough.
    if (token.kind === "positional" && !misspelled) positionals.push(token.value);
    misspelled = false;
    if (token.kind !== "option") continue;
    const flag = byName.get(token.name);
    if (flag === undefined) {
      const meant = nearestFlag(token.rawName, flags);
      problem(
        token.rawName,
        `unknown flag${meant === undefined ? "" : `, did you mean \`--${meant.name}\`?`}`,
      );
      misspelled = meant?.value !== undefined && !token.inlineValue;
      continue;
    }
    const given = values.get(flag.name);
    if (given !== undefined && flag.repeats === undefined && flag.value !== undefined) {
      problem(token.rawName, "is given twice, but takes one value only");
    }
    if (flag.value === undefined) {
      if (token.inlineValue) problem(token.rawName, `takes no value, got ${quoted(token.value)}`);
      values.set(flag.name, []);
    } else if (token.value === undefined || token.value === "") {
      problem(token.rawName, `needs a value, ${flag.value}`);
    } else if (!token.inlineValue && token.value.startsWith("-") && token.value !== "-") {
      problem(token.rawName, `needs a value, ${flag.value}, but ${quoted(token.value)} follows`);
    } else {
      values.set(flag.name, [...(given ?? []), token.value]);
    }
  }
  return { positionals, values, problems };
}

function nearestFlag(rawName: string, flags: readonly FlagSpec[]): FlagSpec | undefined {
  if (!rawName.startsWith("--")) return undefined;
  const name = nearestName(
    rawName.slice(2),
    flags.map((flag) => flag.name),
  );
  return flags.find((flag) => flag.name === name);
}
