// Runs the load generator of bench/load against one gateway, in a process of its own.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadProgram } from "./build.ts";
import type { Scenario } from "./scenarios.ts";

/** What bench/load prints. */
export interface LoadReport {
  readonly requestCount: number;
  /** Answers by HTTP status; `0` = a connection that failed. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly byteCount: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** A body of the answers. */
  readonly sample: string;
}

export interface Load {
  readonly seconds: number;
  readonly connectionCount: number;
  readonly rate: number;
}

/** @throws Error where an answer is not a 200 or not the scenario's */
export async function sendLoad(url: string, scenario: Scenario, load: Load): Promise<LoadReport> {
  const { stdout } = await promisify(execFile)(loadProgram, [
    `-target=${new URL(url).host}`,
    `-method=${scenario.httpMethod}`,
    `-path=${scenario.path}`,
    `-body=${scenario.body ?? ""}`,
    `-connections=${load.connectionCount}`,
    `-duration=${load.seconds}s`,
    `-rate=${load.rate}`,
  ]);
  const report = JSON.parse(stdout) as LoadReport;
  const statuses = Object.entries(report.statuses);
  if (statuses.length !== 1 || statuses[0]?.[0] !== "200") {
    throw new Error(`answered ${JSON.stringify(report.statuses)}, such as ${report.sample.slice(0, 200)}`);
  }
  scenario.check(JSON.parse(report.sample));
  return report;
}
