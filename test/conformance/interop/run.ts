// Runs grpc-go's interop client against its interop server with the gateway between them, and prints what each case came
// to; exits 0 where all pass. `run.ts [CASE …]`, all by default. The programs are built from the Go module into .cache.
// Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder, run } from "../../matrix/toolchain.ts";
import { type StartedGateway, startGateway } from "../connect/start-gateway.ts";

const folder = join(cacheFolder, "conformance", "interop");
const setFile = join(folder, "interop.binpb");

/** Those left out authenticate with Google's clouds, or ask for load reports of the connection (ORCA out of band). */
const functionalCases = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
];

/** Iterations are large unary calls; `channel_soak` makes a connection for each. */
const soakArguments = [
  "--soak_iterations=1000",
  "--soak_num_threads=4",
  "--soak_overall_timeout_seconds=120",
];
const argumentsOf = new Map<string, readonly string[]>([
  ...functionalCases.map((name) => [name, []] as const),
  ["rpc_soak", soakArguments],
  ["channel_soak", soakArguments],
]);

/** Longer than any case takes: a call that never ends is a failure, not a wait. */
const caseTimeoutMs = 150_000;

async function prepare(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const packages = ["client", "server"].map((name) => `google.golang.org/grpc/interop/${name}`);
  const cwd = join(import.meta.dirname, "programs");
  const args = ["build", "-p", "1", "-trimpath", "-o", `${folder}/`, ...packages, "./descriptors"];
  await run("go", args, { cwd });
  writeFileSync(setFile, execFileSync(join(folder, "descriptors")));
}

/** The server takes any free port and says which in its log only. */
async function startServer(): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const env = { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: "info" };
  const child = spawn(join(folder, "server"), ["--port=0"], { env, stdio: ["ignore", "inherit", "pipe"] });
  const lines = createInterface({ input: child.stderr });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the interop server ended before it said where it listens")));
    lines.on("line", (line) => {
      const port = /interop server listening on .*:(\d+)$/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
  return { port, child };
}

interface Outcome {
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

async function runCase(name: string, { host, port }: StartedGateway): Promise<Outcome> {
  const args = [`--server_host=${host}`, `--server_port=${port}`, `--test_case=${name}`];
  const startMs = Date.now();
  const child = spawn(join(folder, "client"), [...args, ...(argumentsOf.get(name) ?? [])], {
    env: { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: "info" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: caseTimeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-4000);
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { ok: exitCode === 0, seconds: (Date.now() - startMs) / 1000, output };
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !argumentsOf.has(name));
  if (unknown.length > 0) {
    console.error(`no case ${unknown.join(", ")}; there are ${[...argumentsOf.keys()].join(", ")}`);
    return 2;
  }
  await prepare();
  const { port, child } = await startServer();
  let gateway: StartedGateway | undefined;
  let failedCount = 0;
  try {
    gateway = await startGateway({
      upstreams: [`127.0.0.1:${port}`],
      schema: { descriptorSets: setFile },
    });
    const chosen = names.length === 0 ? [...argumentsOf.keys()] : names;
    for (const name of chosen) {
      const { ok, seconds, output } = await runCase(name, gateway);
      console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(28)} ${seconds.toFixed(1).padStart(6)} s`);
      if (ok) continue;
      failedCount += 1;
      console.log(output.trim().replaceAll(/^/gm, "     "));
    }
    console.log(`${chosen.length} cases, ${chosen.length - failedCount} passed, ${failedCount} failed`);
  } finally {
    await gateway?.close();
    child.kill("SIGKILL");
  }
  return failedCount === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
