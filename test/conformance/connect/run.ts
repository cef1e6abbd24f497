// Runs connectrpc/conformance against the gateway and prints what each run counted; exits 0 where exactly the cases of the
// lists of known failures fail. `run.ts [--mode server|client] [--backend NAME] [--front NAME] [--part] [-- ARGUMENT …]`:
// everything by default; `--part` is what CI has the time for, by the part.yaml files; arguments go to the suite
// (`--run PATTERN`, `--trace`). What the suite prints is kept in .cache/conformance/connect.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareSuite, suiteFolder, suiteProgram } from "./prepare-suite.ts";

interface Run {
  readonly mode: "server" | "client";
  /** The backend behind the gateway, or what the client speaks to it. */
  readonly subject: string;
}

const runs: readonly Run[] = [
  { mode: "server", subject: "referenceserver" },
  { mode: "server", subject: "grpcserver" },
  { mode: "client", subject: "grpc" },
  { mode: "client", subject: "connect" },
  { mode: "client", subject: "grpc-web" },
];

interface Counts {
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly expectedFailures: number;
  readonly notRun: number;
}

interface Outcome {
  readonly ok: boolean;
  /** Absent where the suite did not come to its end. */
  readonly counts?: Counts;
  readonly failures: readonly string[];
  readonly outputFile: string;
  readonly seconds: number;
}

/** Shown of the cases that failed: the others are in the output. */
const shownFailures = 20;

async function runSuite({ mode, subject }: Run, isPart: boolean, more: readonly string[]): Promise<Outcome> {
  const here = import.meta.dirname;
  const knownFailing = join(here, `${mode}-${subject}-known-failing.txt`);
  const partConf = join(here, `${mode}-${subject}-part.yaml`);
  const conf = isPart && existsSync(partConf) ? partConf : join(here, `${mode}.yaml`);
  const program =
    mode === "server"
      ? [join(here, "gateway-server.ts"), "--backend", subject]
      : [join(here, "gateway-client.ts"), "--front", subject];
  const args = ["--mode", mode, "--conf", conf, "--known-failing", `@${knownFailing}`, "-v", ...more];
  const outputFile = join(suiteFolder, `${mode}-${subject}.txt`);
  const startMs = Date.now();
  const child = spawn(suiteProgram("connectconformance"), [...args, "--", process.execPath, ...program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = createWriteStream(outputFile);
  let text = "";
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.on("data", (chunk: Buffer) => {
      output.write(chunk);
      text += chunk.toString("utf8");
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  output.end();
  const counts = readCounts(text);
  const failures = [...text.matchAll(/^FAILED: (.*?):?$/gm)].map(([, name]) => name ?? "");
  const ok = exitCode === 0 && counts !== undefined && counts.notRun === 0;
  return { ok, ...(counts && { counts }), failures, outputFile, seconds: (Date.now() - startMs) / 1000 };
}

function readCounts(text: string): Counts | undefined {
  const count = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  if (!/^Total cases: \d+$/m.test(text)) return undefined;
  return {
    total: count(/^Total cases: (\d+)$/m),
    passed: count(/^(\d+) passed, \d+ failed/m),
    failed: count(/^\d+ passed, (\d+) failed/m),
    expectedFailures: count(/^\(Another (\d+) failed as expected/m),
    notRun: count(/^Another (\d+) could not be run/m),
  };
}

function printOutcome({ mode, subject }: Run, outcome: Outcome): void {
  const { counts, failures, seconds } = outcome;
  const label = `${mode} mode, ${mode === "server" ? "backend" : "front"} ${subject}`;
  const said =
    counts === undefined
      ? "did not come to its end"
      : `${counts.total} cases, ${counts.passed} passed, ${counts.failed} failed, ` +
        `${counts.expectedFailures} failed as listed, ${counts.notRun} not run`;
  console.log(`${outcome.ok ? "ok  " : "FAIL"} ${label}: ${said} (${seconds.toFixed(0)} s)`);
  if (outcome.ok) return;
  for (const name of failures.slice(0, shownFailures)) console.log(`     ${name}`);
  if (failures.length > shownFailures) console.log(`     … and ${failures.length - shownFailures} more`);
  console.log(`     all of it: ${outcome.outputFile}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mode: { type: "string" },
      backend: { type: "string" },
      front: { type: "string" },
      part: { type: "boolean", default: false },
    },
  });
  const { mode, backend, front, part } = values;
  const chosen = runs.filter(
    (run) =>
      (mode === undefined || run.mode === mode) &&
      (run.mode === "server" ? front === undefined : backend === undefined) &&
      [undefined, run.subject].includes(backend ?? front),
  );
  if (chosen.length === 0) {
    console.error(`no such run; there are ${runs.map((run) => `${run.mode} ${run.subject}`).join(", ")}`);
    return 2;
  }
  await prepareSuite();
  let exitCode = 0;
  for (const run of chosen) {
    const outcome = await runSuite(run, part, positionals);
    printOutcome(run, outcome);
    if (!outcome.ok) exitCode = 1;
  }
  return exitCode;
}

process.exitCode = await main();
