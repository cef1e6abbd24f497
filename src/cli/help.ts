// `protogate help [TOPIC]`: what it is, how to begin, each command with its flags, the keys of the config file. All of
// it is made from the tables that parsing uses.
import { configJsonSchema, configKeys } from "../config/config-keys.ts";
import { commonFlags } from "../config/flag-spec.ts";
import { quoted } from "../config/parsed.ts";
import { didYouMean } from "../schema/nearest-name.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { formatFlags, formatPairs, wrapText } from "./help-layout.ts";
import { reportUsage } from "./report.ts";

export const helpCommand: Command = {
  name: "help",
  summary: "Explain a command, or the config file: `help serve`, `help config`.",
  usage: "protogate help [COMMAND | config]",
  about: "Prints what this program does and how to begin, a command's page, or the keys of the config file.",
  examples: [
    ["protogate help serve", "a command and its flags"],
    ["protogate help config", "every key of the config file"],
    ["protogate help config --json", "the same as JSON Schema, for editors"],
  ],
  flags: [{ name: "json", description: "With `config`: print its JSON Schema." }],

  async run(args, { terminal }) {
    if (args.problems.length > 0) return reportUsage(terminal, args.problems, "help");
    const topic = args.positionals[0];
    const page = helpPage(topic, args.values.has("json"));
    if (page === undefined) {
      const hint = didYouMean(topic ?? "", topics());
      return reportUsage(terminal, [{ place: quoted(topic ?? ""), message: `no such topic${hint}` }]);
    }
    terminal.print(page);
    return 0;
  },
};

/** Names of the commands, `help` among them. */
export function commandNames(): readonly string[] {
  return [...commands, helpCommand].map((command) => command.name);
}

function topics(): readonly string[] {
  return [...commandNames(), "config"];
}

/** The page of a topic; the first page without one; undefined for an unknown topic. */
export function helpPage(topic: string | undefined, json = false): string | undefined {
  if (topic === undefined) return firstPage();
  if (topic === "config") return json ? JSON.stringify(configJsonSchema(), null, 2) : configPage();
  const command = [...commands, helpCommand].find((candidate) => candidate.name === topic);
  return command === undefined ? undefined : commandPage(command);
}

function firstPage(): string {
  return `protogate: REST for gRPC backends

It learns the services of the backends it is pointed at (server reflection, descriptor sets, .proto
files, service-config YAML) and answers HTTP and JSON by their google.api.http annotations.

Five minutes:
${formatPairs([
  ["npm start", "a demo backend and the gateway before it, with curl lines to paste"],
  ["npm start -- localhost:50051", "your backend, if it has server reflection"],
  ["curl http://127.0.0.1:8080/debug/routes", "what it answers, and where each rule was written"],
  ["protogate explain 'GET /v1/shelves/1'", "what one request would do, and why"],
  ["protogate check localhost:50051", "every problem with its place"],
])}

Commands:
${formatPairs([...commands, helpCommand].map((command) => [command.name, command.summary] as const))}

\`protogate help COMMAND\` has the flags and examples of each, \`protogate help config\` the keys of the
config file. \`npm start -- …\` is \`protogate serve …\`.

Exit codes: 0 done, 1 problems were found or it failed, 2 the command line or the config is wrong.`;
}

function commandPage(command: Command): string {
  return [
    `${command.name}: ${command.summary}`,
    `Usage: ${command.usage}`,
    ...command.about.split("\n\n").map((paragraph) => wrapText(paragraph)),
    `Examples:\n${formatPairs(command.examples)}`,
    `Flags:\n${formatFlags([...command.flags, ...commonFlags])}`,
    "Exit codes: 0 done, 1 problems were found or it failed, 2 the command line or the config is wrong.",
  ].join("\n\n");
}

function configPage(): string {
  const keys = configKeys().map((key) => {
    const steps = key.path.split(".");
    const extra = key.byDefault === undefined ? "" : ` Default: ${key.byDefault}.`;
    const margin = "  ".repeat(steps.length);
    return `${margin}${steps.at(-1)?.replace("[]", "")}: ${key.form}\n${wrapText(`${key.description}${extra}`, `${margin}    `)}`;
  });
  return `The config file: --config protogate.yaml

YAML 1.2. Every key may be left out, except \`target\` of an upstream that is written as a mapping.
Flags and arguments win over the file, key by key: \`--listen\` replaces \`listen\`, and UPSTREAM
arguments replace \`upstreams\`. Paths are relative to the file. Durations are \`500ms\`, \`30s\`, \`1m\`,
\`1h\`; sizes are bytes, \`512KiB\`, \`4MiB\`.

With descriptor sets or .proto files and no reflection, each upstream is taken to serve every
service of them, unless its \`services\` say otherwise.

  listen: 0.0.0.0:8080
  upstreams:
    - library=localhost:50051
    - name: billing
      target: https://billing.internal:443
      services: [acme.billing.v1.*]
      header: { authorization: Bearer … }
  schema:
    serviceConfigs: api.yaml

Keys:
${keys.join("\n")}

\`protogate help config --json\` prints this as JSON Schema, for editors.`;
}
