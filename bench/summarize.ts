// From rounds to one row per scenario and gateway: medians, and the ratio of medians to the peer that all are held to.
import type { Measurement } from "./measure.ts";

/** The gateway that ratios are to. */
export const yardstick = "grpc-gateway";

export interface Row {
  readonly scenario: string;
  readonly gateway: string;
  readonly cpuUs: number;
  /** The lowest and highest round: what the median is worth. */
  readonly cpuUsRange: readonly [number, number];
  /** Of `cpuUs` to the yardstick's; absent where that was not measured. */
  readonly cpuRatio?: number;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly peakMemoryBytes: number;
}

export function summarize(measurements: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measurements, ({ scenario, gateway }) => `${scenario} ${gateway}`);
  const rows = [...groups.values()].map(rowOf);
  return rows.map((row) => {
    const peer = rows.find(({ scenario, gateway }) => scenario === row.scenario && gateway === yardstick);
    return peer === undefined ? row : { ...row, cpuRatio: row.cpuUs / peer.cpuUs };
  });
}

function rowOf(rounds: readonly Measurement[]): Row {
  const [first] = rounds;
  const cpuUs = rounds.map((round) => round.cpuUs);
  return {
    scenario: first?.scenario ?? "",
    gateway: first?.gateway ?? "",
    cpuUs: median(cpuUs),
    cpuUsRange: [Math.min(...cpuUs), Math.max(...cpuUs)],
    requestsPerSecond: median(rounds.map((round) => round.requestsPerSecond)),
    p50Us: median(rounds.map((round) => round.p50Us)),
    p99Us: median(rounds.map((round) => round.p99Us)),
    peakMemoryBytes: Math.max(...rounds.map((round) => round.peakMemoryBytes)),
  };
}

/** The middle value, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
