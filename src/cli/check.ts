// `protogate check`: loads all that `serve` would load, lists every problem with its place, and exits 1 if there is
// one. For CI of the people who write the protos.
import { type FlagSpec, gatewayFlags } from "../config/flag-spec.ts";
import type { RouteTableView } from "../gateway/route-table-view.ts";
import { formatProblem } from "../schema/problem.ts";
import type { Command } from "./command.ts";
import { inspectInputs } from "./inspect-inputs.ts";
import { problemsOf } from "./table-problems.ts";

const jsonFlag: FlagSpec = { name: "json", description: "Print the outcome as JSON." };

export const checkCommand: Command = {
  name: "check",
  summary: "Load everything and list every problem.",
  usage: "protogate check [UPSTREAM …] [flags]",
  about: `Takes the same inputs as \`serve\`, reads every schema source once, compiles every route, and prints
each problem on a line, its place first: a source that cannot be read, files that contradict each
other, a rule that is no route, a route that never matches because another stands before it, an
option or a setting that cannot work.

Exits 0 when there is none, 1 when there is one, 2 when the flags or the config file are wrong.`,
  examples: [
    ["protogate check --descriptor-set api.binpb localhost:50051", "are the annotations right?"],
    ["protogate check --config protogate.yaml", "is all of it right?"],
  ],
  flags: [...gatewayFlags, jsonFlag],

  run(args, context) {
    const options = { command: "check", upstreams: args.positionals, context };
    return inspectInputs(args, options, ({ routes }) => {
      const { terminal } = context;
      const problems = problemsOf(routes);
      const counts = countsOf(routes);
      if (args.values.has("json")) {
        terminal.print(JSON.stringify({ ok: problems.length === 0, ...counts, problems }, null, 2));
      } else if (problems.length > 0) {
        for (const problem of problems) terminal.print(formatProblem(problem));
        terminal.print(`${plural(problems.length, "problem")}; ${described(counts)}`);
      } else {
        terminal.print(`ok: ${described(counts)}`);
      }
      return problems.length === 0 ? 0 : 1;
    });
  },
};

interface Counts {
  readonly services: number;
  readonly routes: number;
  readonly sources: number;
}

function countsOf({ routes, sources }: RouteTableView): Counts {
  return {
    services: sources.reduce((sum, source) => sum + source.serviceCount, 0),
    routes: routes.length,
    sources: sources.length,
  };
}

function described(counts: Counts): string {
  const { services, routes, sources } = counts;
  return `${plural(services, "service")}, ${plural(routes, "route")} from ${plural(sources, "source")}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
