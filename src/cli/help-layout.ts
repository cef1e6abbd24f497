// How help is laid out: 100 columns, no colour, names left and what they mean indented beside or below them.
import type { FlagSpec } from "../config/flag-spec.ts";

const width = 100;
const indent = "      ";

/** Breaks a paragraph at spaces; texts in backticks may break too. */
export function wrapText(text: string, prefix = ""): string {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(/\s+/)) {
    if (line.length > prefix.length && line.length + word.length + 1 > width) {
      lines.push(line);
      line = prefix;
    }
    line += line.length > prefix.length ? ` ${word}` : word;
  }
  return [...lines, line].join("\n");
}

/** `  --listen HOST:PORT` and below it what it means, its default, and whether it may repeat. */
export function formatFlags(flags: readonly FlagSpec[]): string {
  return flags
    .map((flag) => {
      const short = flag.short === undefined ? "" : `-${flag.short}, `;
      const value = flag.value === undefined ? "" : ` ${flag.value}`;
      const extras = [
        ...(flag.byDefault === undefined ? [] : [`Default: ${flag.byDefault}.`]),
        ...(flag.repeats ? ["May repeat."] : []),
      ];
      return `  ${short}--${flag.name}${value}\n${wrapText([flag.description, ...extras].join(" "), indent)}`;
    })
    .join("\n");
}

/** Two columns, the right one aligned; the meaning goes below where the left text is long. */
export function formatPairs(pairs: readonly (readonly [left: string, right: string])[]): string {
  const column = Math.min(44, Math.max(...pairs.map(([left]) => left.length)) + 2);
  return pairs
    .map(([left, right]) =>
      left.length + 2 <= column
        ? `  ${left.padEnd(column)}${right}`
        : `  ${left}\n${" ".repeat(column + 2)}${right}`,
    )
    .join("\n");
}
