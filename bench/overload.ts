// `npm run bench:overload`: answers in time against load offered, with and without the adaptive limit, before a backend of
// known capacity. Backend, gateway and clients are processes of their own on real sockets, fresh ones for each figure.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { projectRoot } from "../test/matrix/toolchain.ts";
import { describeMachine } from "./machine.ts";
import type { LoadResult } from "./overload-load.ts";
import { type Curve, drawOverload } from "./overload-plot.ts";
import { startNodeBackend, startProtogate } from "./start-protogate.ts";

const usage = `npm run bench:overload -- [options]
  --quick      three loads and less time: whether it works, not what it says
  --write      docs/overload.svg from the figures`;

const workerCount = 8;
const serviceMs = 40;
const capacity = (workerCount * 1000) / serviceMs;
const deadlineMs = 500;
const methods = [
  { name: "Adaptive", title: "adaptive limit" },
  { name: "Unlimited", title: "no limit" },
] as const;

interface Row extends LoadResult {
  readonly method: string;
  /** Of the capacity. */
  readonly load: number;
  readonly goodput: number;
}

const run = promisify(execFile);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const loads = values.quick ? [0.5, 1, 5] : [0.5, 0.9, 1.1, 1.25, 1.5, 2, 3, 4, 5];
  const times = values.quick ? { warmUpMs: 4000, measuredMs: 4000 } : { warmUpMs: 8000, measuredMs: 10_000 };
  const rows: Row[] = [];
  for (const load of loads) {
    for (const { name } of methods) rows.push(await measure(name, load, times));
  }
  const { cpu, coreCount, node } = describeMachine();
  console.log(
    `${workerCount} workers, ${serviceMs} ms a call: ${capacity} calls/s; deadline ${deadlineMs} ms`,
  );
  console.log(`${cpu}, ${coreCount} cores; node ${node}; ${times.measuredMs / 1000} s each\n`);
  console.table(
    rows.map(({ method, load, goodput, offered, inTime, refused, p50Ms, p99Ms }) => ({
      method,
      "load x capacity": load,
      "goodput % of capacity": Math.round(100 * goodput),
      "in time": inTime,
      refused,
      late: offered - inTime - refused,
      "p50 ms": Math.round(p50Ms),
      "p99 ms": Math.round(p99Ms),
    })),
  );
  if (!values.write) return;
  const curves = methods.map(({ name, title }): Curve => {
    const points = rows
      .filter(({ method }) => method === name)
      .map(({ load, goodput }) => ({ load, goodput }));
    return { title, points };
  });
  mkdirSync(join(projectRoot, "docs"), { recursive: true });
  writeFileSync(join(projectRoot, "docs", "overload.svg"), drawOverload(curves));
}

async function measure(
  method: string,
  load: number,
  times: { readonly warmUpMs: number; readonly measuredMs: number },
): Promise<Row> {
  const backend = await startNodeBackend("overload-backend.ts", [String(workerCount), String(serviceMs)]);
  try {
    const gateway = await startProtogate(backend.address, [
      "--proto",
      "bench/overload.proto",
      "--proto-path",
      "bench",
      "--proto-path",
      "protos",
    ]);
    try {
      const { stdout } = await run(
        process.execPath,
        [
          ...["bench/overload-load.ts", gateway.address, `/bench.overload.v1.Overload/${method}`],
          ...[capacity * load, deadlineMs, times.warmUpMs, times.measuredMs].map(String),
        ],
        { cwd: projectRoot },
      );
      const result: LoadResult = JSON.parse(stdout);
      const goodput = (result.inTime * 1000) / times.measuredMs / capacity;
      console.error(`${method} at ${load}: ${Math.round(100 * goodput)} %`);
      return { ...result, method, load, goodput };
    } finally {
      await gateway.stop("SIGTERM");
    }
  } finally {
    await backend.stop("SIGKILL");
  }
}

await main();
