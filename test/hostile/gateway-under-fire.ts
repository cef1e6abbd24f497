// A gateway process to attack, and what shows whether it took it well: it still answers, it holds no more memory and
// no more descriptors than it should, and it has never said that something escaped.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../matrix/eventually.ts";
import { type HttpCall, type HttpReply, httpCall } from "../matrix/http-client.ts";
import { startProcess } from "../matrix/process.ts";
import { projectRoot } from "../matrix/toolchain.ts";

export interface FiredGateway {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
  /** One request over a connection of its own. */
  call(path: string, call?: HttpCall): Promise<HttpReply>;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<number | null>;
}

/** What Node prints when something escaped. */
const escaped = /UnhandledPromiseRejection|Uncaught|MaxListenersExceeded|RangeError|TypeError|node:internal/;

/**
 * Starts `serve`; does not wait for /readyz, as some backends here never let it become ready. Closed when the scope
 * ends, and then it must exit 0 without having printed a stack of its own.
 */
export async function startFired(
  upstreams: readonly string[],
  flags: readonly string[] = [],
): Promise<FiredGateway> {
  const gateway = await startProcess(
    process.execPath,
    ["src/cli/main.ts", "serve", ...upstreams, "--listen", "127.0.0.1:0", ...flags],
    /^listening on (http:\/\/\S+)\r?\n/m,
    { cwd: projectRoot },
  );
  const url = gateway.address;
  let closing: Promise<number | null> | undefined;
  const close = async (): Promise<number | null> => {
    await gateway.stop("SIGTERM");
    const code = await gateway.exitCode;
    assert.doesNotMatch(gateway.output(), escaped);
    return code;
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: gateway.pid,
    output: gateway.output,
    exitCode: gateway.exitCode,
    call: (path, call) => httpCall(url, path, call),
    kill: (signal) => process.kill(gateway.pid, signal),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

export async function untilReady(gateway: FiredGateway): Promise<void> {
  await eventually(async () => {
    const { status, text } = await gateway.call("/readyz");
    assert.equal(status, 200, text);
  });
}

/** A folder for one test or one test file: `after` is the test's, or the file's hook. */
export function scratchFolder(after: (remove: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "protogate-hostile-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Megabytes that the process holds; undefined where the system has no /proc. */
export function residentMegabytes(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found?.[1] === undefined ? undefined : Number(found[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** Descriptors that the process holds: sockets, files; undefined where the system has no /proc. */
export function openDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
