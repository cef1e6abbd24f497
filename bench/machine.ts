// What the figures were measured on, for the record: a ratio travels between machines, a microsecond does not.
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { goVersion } from "./build.ts";

export interface Machine {
  readonly cpu: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly go: string;
  /** Of the Go peers: as given in the environment, else the number of cores. */
  readonly goMaxProcs: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${platform()} ${release()}`,
    node: process.version,
    go: goVersion() ?? "none",
    goMaxProcs: process.env.GOMAXPROCS ?? String(availableParallelism()),
  };
}
