// Starts the gateway, and the backends that are written here, as processes of their own with the Node that runs this.
import { type ListeningProcess, startProcess } from "../test/matrix/process.ts";
import { projectRoot } from "../test/matrix/toolchain.ts";

const options = { cwd: projectRoot, env: { NODE_ENV: "production" } };

/** `serve` on a free port of loopback; `address` is an http URL. @param nodeFlags of Node itself */
export function startProtogate(
  backend: string,
  flags: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<ListeningProcess> {
  const serve = ["src/cli/main.ts", "serve", backend, "--listen", "127.0.0.1:0"];
  return startProcess(
    process.execPath,
    [...nodeFlags, ...serve, ...flags],
    /^listening on (http:\/\/\S+)\r?\n/m,
    options,
  );
}

/** A file of bench/; `address` is `host:port`. */
export function startNodeBackend(file: string, args: readonly string[] = []): Promise<ListeningProcess> {
  return startProcess(process.execPath, [`bench/${file}`, ...args], /^listening on (\S+)\r?\n/m, options);
}
