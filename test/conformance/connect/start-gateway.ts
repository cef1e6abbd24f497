// A gateway in this process before one backend, from a config as people write it.
import { stringify } from "yaml";
import { startApp } from "../../../src/app.ts";
import { commonFlags, gatewayFlags } from "../../../src/config/flag-spec.ts";
import { parseArguments } from "../../../src/config/parse-arguments.ts";
import { resolveConfig } from "../../../src/config/resolve-config.ts";
import { formatProblem } from "../../../src/schema/problem.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { createTemporaryFolder } from "../../schema/temporary-folder.ts";

export interface StartedGateway {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts it on a free port of 127.0.0.1; what it logs as warning or worse goes to stderr.
 * @param keys as in the config file; paths may name `files`, which are written beside it
 */
export async function startGateway(
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<StartedGateway> {
  const { write, cleanUp } = createTemporaryFolder(files);
  process.once("exit", cleanUp);
  // Nobody is left to wait for when a run has its answers.
  const own = { listen: "127.0.0.1:0", drain: { grace: "0s" }, log: { level: "warn" } };
  const file = write("protogate.yaml", stringify({ ...own, ...keys }));
  const parsed = parseArguments(["--config", file], [...gatewayFlags, ...commonFlags]);
  const outcome = resolveConfig(parsed, { upstreams: [] });
  if (!outcome.ok) throw new Error(outcome.problems.map(formatProblem).join("\n"));
  const app = await startApp(outcome.config, createLogger({ level: outcome.config.log.level }));
  const { hostname, port } = new URL(app.urls[0] ?? "");
  return { host: hostname, port: Number(port), close: app.close };
}
