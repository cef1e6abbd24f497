// From a parsed command line to a config and a running set of inputs: where no upstream is named, the demo backend is
// started for as long as the command runs.
import type { Config, LogLevel } from "../config/config.ts";
import type { ParsedArguments } from "../config/parse-arguments.ts";
import { resolveConfig } from "../config/resolve-config.ts";
import type { Problem } from "../schema/problem.ts";
import { type Demo, startDemo } from "./demo.ts";

export interface Inputs {
  readonly config: Config;
  /** There when the demo backend is the upstream. */
  readonly demo?: Demo;
  /** Stops the demo backend, if there is one. */
  close(): Promise<void>;
}

export type InputsOutcome =
  | { readonly ok: true; readonly inputs: Inputs }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** @throws Error when the demo backend is needed and does not start */
export async function loadInputs(
  args: ParsedArguments,
  upstreams: readonly string[],
  logLevel: LogLevel,
): Promise<InputsOutcome> {
  const outcome = resolveConfig(args, { upstreams, logLevel });
  if (!outcome.ok) return outcome;
  const { config } = outcome;
  if (config.upstreams.length > 0) return { ok: true, inputs: { config, close: async () => {} } };
  const demo = await startDemo();
  return {
    ok: true,
    inputs: { config: { ...config, upstreams: [demo.upstream] }, demo, close: () => demo.close() },
  };
}
