// The table for people: one row per scenario and gateway, numbers aligned to the right.
import { type Row, yardstick } from "./summarize.ts";

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ["scenario", (row) => row.scenario],
  ["gateway", (row) => row.gateway],
  ["CPU us/request", (row) => row.cpuUs.toFixed(1)],
  ["min-max", (row) => row.cpuUsRange.map((value) => value.toFixed(1)).join("-")],
  [`x ${yardstick}`, (row) => row.cpuRatio?.toFixed(2) ?? "-"],
  ["requests/s", (row) => row.requestsPerSecond.toFixed(0)],
  ["p50 ms", (row) => (row.p50Us / 1000).toFixed(2)],
  ["p99 ms", (row) => (row.p99Us / 1000).toFixed(2)],
  ["peak MB", (row) => (row.peakMemoryBytes / 1e6).toFixed(0)],
];

/** How many columns are names and so aligned to the left. */
const nameCount = 2;

export function formatTable(rows: readonly Row[]): string {
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
