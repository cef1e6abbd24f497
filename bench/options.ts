// The command line of the benchmark.
import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly roundCount: number;
  /** Of one measurement; rounds × scenarios × gateways of them make the run. */
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly connectionCount: number;
  /** Requests a second over all connections; 0 = as fast as they are answered. */
  readonly rate: number;
  /** Names of scenarios and gateways; empty = all. */
  readonly only: readonly string[];
}

export const usage = `npm run bench -- [options]
  --quick            2 rounds of 1 s: whether it works, not what it says
  --only NAME,…      scenarios and gateways by name, such as get,grpc-gateway
  --rounds N         default 5
  --seconds N        of one measurement, default 3
  --connections N    default 32
  --rate N           requests a second instead of as fast as they are answered: for p99`;

/** @throws Error with one sentence where a flag is wrong */
export function parseOptions(args: readonly string[], names: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seconds: { type: "string" },
      connections: { type: "string", default: "32" },
      rate: { type: "string", default: "0" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const only = values.only.flatMap((text) => text.split(",")).filter((name) => name !== "");
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${names.join(", ")}`);
  return {
    roundCount: parseAmount("--rounds", values.rounds ?? (values.quick ? "2" : "5"), 1),
    durationSeconds: parseAmount("--seconds", values.seconds ?? (values.quick ? "1" : "3"), 0.1),
    warmUpSeconds: values.quick ? 1 : 2,
    connectionCount: parseAmount("--connections", values.connections, 1),
    rate: parseAmount("--rate", values.rate, 0),
    only,
  };
}

function parseAmount(flag: string, text: string, minimum: number): number {
  const amount = Number(text);
  if (!(amount >= minimum)) throw new Error(`${flag} ${text}: expected a number of at least ${minimum}`);
  return amount;
}
