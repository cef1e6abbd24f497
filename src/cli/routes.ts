// `protogate routes`: the table that /debug/routes shows, without a running gateway.
import { formatRouteTable } from "../admin/route-table-text.ts";
import { gatewayFlags } from "../config/flag-spec.ts";
import type { Command } from "./command.ts";
import { inspectInputs } from "./inspect-inputs.ts";
import { problemsOf } from "./table-problems.ts";

export const routesCommand: Command = {
  name: "routes",
  summary: "Print the table of routes.",
  usage: "protogate routes [UPSTREAM …] [flags]",
  about: `Takes the same inputs as \`serve\`, reads every schema source once, and prints what it would answer:
HTTP method, template, RPC, where the rule was written; below it what options and config say of how
methods speak REST, the refused and the shadowed routes with their reasons, and the sources.

Exits 0; 1 when a source cannot be read and there is no route at all.`,
  examples: [
    ["protogate routes", "the demo's routes"],
    ["protogate routes localhost:50051", "those of your backend"],
    ["protogate routes localhost:50051 --json", "the same for programs"],
  ],
  flags: [...gatewayFlags, { name: "json", description: "Print the table as JSON, as /debug/routes does." }],

  run(args, context) {
    const options = { command: "routes", upstreams: args.positionals, context };
    return inspectInputs(args, options, ({ routes }) => {
      const text = args.values.has("json") ? JSON.stringify(routes, null, 2) : formatRouteTable(routes);
      context.terminal.print(text.trimEnd());
      return routes.routes.length === 0 && problemsOf(routes).length > 0 ? 1 : 0;
    });
  },
};
