// What `check`, `routes` and `explain` share: the inputs of `serve`, every source read once, no listener, no traffic
// but reflection.
import type { Inspection } from "../app.ts";
import type { ParsedArguments } from "../config/parse-arguments.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import { loadInputs } from "./load-config.ts";
import { reportFailure, reportUsage } from "./report.ts";

/** Loads the inputs, lets `use` look at them, and closes everything. What goes wrong is reported here. */
export async function inspectInputs(
  args: ParsedArguments,
  options: {
    readonly command: string;
    readonly upstreams: readonly string[];
    readonly context: CommandContext;
  },
  use: (inspection: Inspection) => ExitCode | Promise<ExitCode>,
): Promise<ExitCode> {
  const { command, context, upstreams } = options;
  try {
    // What a source has to say is in the inspection; a log beside it would say it twice.
    const outcome = await loadInputs(args, upstreams, "off");
    if (!outcome.ok) return reportUsage(context.terminal, outcome.problems, command);
    const { config, close } = outcome.inputs;
    try {
      const { inspect } = await import("../app.ts");
      const inspection = await inspect(config, createLogger({ level: config.log.level }));
      try {
        return await use(inspection);
      } finally {
        await inspection.close();
      }
    } finally {
      await close();
    }
  } catch (error) {
    return reportFailure(context.terminal, error);
  }
}
