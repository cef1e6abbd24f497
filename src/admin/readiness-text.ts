// Readiness for curl and for the humans who read probe logs.
import type { Readiness } from "../gateway/readiness.ts";
import { printable } from "./text-columns.ts";

/** `ready` or `not ready`, then a line for each thing that is missing or to be looked at. Ends with a newline. */
export function formatReadiness({ ready, missing, warnings }: Readiness): string {
  const lines = [
    ready ? "ready" : "not ready",
    ...missing.map((line) => `missing: ${printable(line)}`),
    ...warnings.map((line) => `warning: ${printable(line)}`),
  ];
  return `${lines.join("\n")}\n`;
}
