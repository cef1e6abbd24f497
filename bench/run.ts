// `npm run bench`: drives each gateway in turn over one grpc-go backend and prints CPU per request, as a table on stdout
// and as JSON in bench/out/result.json. Progress goes to stderr. bench/README.md says how to read it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ListeningProcess, startProcess } from "../test/matrix/process.ts";
import { backendProgram, buildPrograms, goVersion } from "./build.ts";
import { type Column, formatTable } from "./format-table.ts";
import { type GatewayEntry, gateways } from "./gateways.ts";
import { describeMachine } from "./machine.ts";
import { type Measurement, measure, type RunningGateway } from "./measure.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { type Row, summarize, yardstick } from "./summarize.ts";

/** What is not in the table, and why: `grpc-gateway`, `no go on PATH`. */
interface Skipped {
  readonly gateway: string;
  readonly reason: string;
}

const columns: readonly Column<Row>[] = [
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

const outFolder = join(import.meta.dirname, "out");

function progress(line: string): void {
  console.error(line);
}

async function main(): Promise<number> {
  const options = parseOptions(
    process.argv.slice(2),
    [...scenarios, ...gateways].map(({ name }) => name),
  );
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  if (goVersion() === undefined) {
    throw new Error("the benchmark needs Go: its backend and its load generator are Go programs");
  }
  progress("building");
  await buildPrograms();
  const backend = await startProcess(backendProgram, [], /^listening on (\S+)\r?\n/m);
  const running: RunningGateway[] = [];
  try {
    const skipped = await startGateways(chosen(gateways, options), backend, running);
    const measurements = await measure(
      running,
      chosen(scenarios, options),
      {
        roundCount: options.roundCount,
        warmUpSeconds: options.warmUpSeconds,
        load: {
          seconds: options.durationSeconds,
          connectionCount: options.connectionCount,
          rate: options.rate,
        },
      },
      progress,
    );
    report(options, measurements, skipped);
    // A missing peer is a smaller table; a missing protogate is a failure.
    return skipped.some(({ gateway }) => gateway === "protogate") ? 1 : 0;
  } finally {
    for (const { process } of running) await process.stop("SIGTERM");
    await backend.stop("SIGTERM");
  }
}

/** Of a list, what --only names; all where it names none of the list. */
function chosen<T extends GatewayEntry | Scenario>(
  entries: readonly T[],
  { only }: BenchOptions,
): readonly T[] {
  const named = entries.filter(({ name }) => only.includes(name));
  return named.length > 0 ? named : entries;
}

async function startGateways(
  entries: readonly GatewayEntry[],
  backend: ListeningProcess,
  running: RunningGateway[],
): Promise<Skipped[]> {
  const skipped: Skipped[] = [];
  for (const entry of entries) {
    try {
      if (entry.toolchain() === undefined) throw new Error("its toolchain is missing");
      await entry.build();
      running.push({ name: entry.name, process: await entry.start(backend.address) });
    } catch (reason) {
      skipped.push({
        gateway: entry.name,
        reason: reason instanceof Error ? reason.message : String(reason),
      });
    }
  }
  return skipped;
}

function report(
  options: BenchOptions,
  measurements: readonly Measurement[],
  skipped: readonly Skipped[],
): void {
  const machine = describeMachine();
  const rows = summarize(measurements);
  mkdirSync(outFolder, { recursive: true });
  const result = { measuredAt: new Date().toISOString(), machine, options, rows, skipped, measurements };
  writeFileSync(join(outFolder, "result.json"), `${JSON.stringify(result, undefined, 2)}\n`);

  const { roundCount, durationSeconds, connectionCount, rate } = options;
  console.log(`${machine.cpu}, ${machine.coreCount} cores, node ${machine.node}, ${machine.go}`);
  console.log(
    `medians of ${roundCount} rounds of ${durationSeconds} s, ${connectionCount} connections, ` +
      (rate > 0 ? `${rate} requests a second` : "closed loop"),
  );
  console.log(`\n${formatTable(columns, 2, rows)}`);
  for (const { gateway, reason } of skipped) console.log(`\n${gateway} is skipped: ${reason}`);
}

try {
  process.exitCode = await main();
} catch (reason) {
  console.error(reason instanceof Error ? reason.message : reason);
  process.exitCode = 1;
}
