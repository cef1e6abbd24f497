// Text tables for terminals: columns as wide as what stands in them, nothing that a terminal would obey.

/** A cell wider than this pushes its own row aside instead of widening the column for all. */
const widestColumn = 60;

/**
 * Lines of aligned columns, two spaces between them, no spaces at the ends. The last column is not padded; a column
 * that is empty in every row (its head does not count) is left out.
 *
 * @param head names of the columns, or none
 */
export function formatColumns(
  rows: readonly (readonly string[])[],
  head: readonly string[] = [],
  indent = "",
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const used = Array.from({ length: count }, (_, column) => column).filter((column) =>
    rows.some((row) => row[column] !== undefined && row[column] !== ""),
  );
  const lines = [...(head.length === 0 || rows.length === 0 ? [] : [head]), ...rows].map((row) =>
    used.map((column) => printable(row[column] ?? "")),
  );
  const widths = used.map((_, column) =>
    Math.max(0, ...lines.map((line) => (line[column] ?? "").length).filter((width) => width <= widestColumn)),
  );
  return lines.map((line) =>
    (indent + line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).trimEnd(),
  );
}

/**
 * Names come from descriptors and requests of others: control characters would move the cursor, colour the terminal or
 * retitle it, bidirectional marks would reorder the line.
 */
export function printable(text: string): string {
  return text.replace(obeyed, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
const obeyed = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `3 routes`, `1 route`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
