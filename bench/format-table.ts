// A table for people: one line per row; names are aligned to the left, numbers to the right.

export type Column<Row> = readonly [title: string, cell: (row: Row) => string];

/** @param nameCount how many of the columns, the first ones, are names */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  nameCount: number,
  rows: readonly Row[],
): string {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, index) =>
          index < nameCount ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
