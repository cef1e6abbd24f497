// The gateway as people run it: a process started with the command line, ready when /readyz says so.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { startProcess } from "./process.ts";
import { projectRoot } from "./toolchain.ts";

export interface GatewayProcess {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly pid: number;
  /** The end of its log and what it printed. */
  readonly output: () => string;
  /** SIGTERM; resolves with the exit code. */
  close(): Promise<number | null>;
}

export interface GatewayOptions {
  /** Flags after `serve UPSTREAM…`. */
  readonly flags?: readonly string[];
  /** The text of a config file. */
  readonly config?: string;
}

/**
 * Starts `serve` on a free port of loopback, with the Node that runs this.
 * @throws Error with the end of its output where it does not start or does not become ready
 */
export async function startGateway(
  upstreams: readonly string[],
  { flags = [], config }: GatewayOptions = {},
): Promise<GatewayProcess> {
  const scratch = mkdtempSync(join(tmpdir(), "protogate-matrix-"));
  const configFile = join(scratch, "protogate.yaml");
  if (config !== undefined) writeFileSync(configFile, config);
  const configFlags = config === undefined ? [] : ["--config", configFile];
  const gateway = await startProcess(
    process.execPath,
    ["src/cli/main.ts", "serve", ...upstreams, "--listen", "127.0.0.1:0", ...configFlags, ...flags],
    /^listening on (http:\/\/\S+)\r?\n/m,
    { cwd: projectRoot },
  );
  const close = async (): Promise<number | null> => {
    await gateway.stop("SIGTERM");
    rmSync(scratch, { recursive: true, force: true });
    return gateway.exitCode;
  };
  try {
    await eventually(async () => {
      const response = await fetch(`${gateway.address}/readyz`);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`/readyz says ${response.status}: ${text}`);
    });
  } catch (reason) {
    await close();
    throw new Error(`the gateway did not become ready\n${gateway.output()}`, { cause: reason });
  }
  return { url: gateway.address, pid: gateway.pid, output: gateway.output, close };
}
