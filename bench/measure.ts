// Measures in interleaved rounds: each round asks every gateway once per scenario, and every other round goes backwards,
// so that what else the machine does, and its heat, falls on all alike.
import type { ListeningProcess } from "../test/matrix/process.ts";
import { type Load, sendLoad } from "./load-generator.ts";
import { cpuMsOf, peakMemoryBytesOf } from "./process-accounting.ts";
import type { Scenario } from "./scenarios.ts";

export interface RunningGateway {
  readonly name: string;
  readonly process: ListeningProcess;
}

/** One round of one gateway in one scenario. */
export interface Measurement {
  readonly scenario: string;
  readonly gateway: string;
  readonly round: number;
  readonly requestCount: number;
  readonly requestsPerSecond: number;
  /** CPU time of the gateway's process per request. */
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The most the process has held so far. */
  readonly peakMemoryBytes: number;
}

export interface Plan {
  readonly roundCount: number;
  readonly warmUpSeconds: number;
  readonly load: Load;
}

/** @throws Error naming the gateway and the scenario where an answer is wrong */
export async function measure(
  gateways: readonly RunningGateway[],
  scenarios: readonly Scenario[],
  plan: Plan,
  onProgress: (line: string) => void,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const scenario of scenarios) {
    onProgress(`${scenario.name}: warming up`);
    for (const gateway of gateways) {
      await measureOnce(gateway, scenario, 0, { ...plan.load, seconds: plan.warmUpSeconds });
    }
    for (let round = 1; round <= plan.roundCount; round++) {
      onProgress(`${scenario.name}: round ${round} of ${plan.roundCount}`);
      for (const gateway of round % 2 === 1 ? gateways : gateways.toReversed()) {
        measurements.push(await measureOnce(gateway, scenario, round, plan.load));
      }
    }
  }
  return measurements;
}

async function measureOnce(
  { name, process }: RunningGateway,
  scenario: Scenario,
  round: number,
  load: Load,
): Promise<Measurement> {
  const startMs = cpuMsOf(process.pid);
  const report = await sendLoad(process.address, scenario, load).catch((reason: Error) => {
    throw new Error(`${name}, ${scenario.name}: ${reason.message}`, { cause: reason });
  });
  const cpuMs = cpuMsOf(process.pid) - startMs;
  return {
    scenario: scenario.name,
    gateway: name,
    round,
    requestCount: report.requestCount,
    requestsPerSecond: report.requestCount / report.seconds,
    cpuUs: (cpuMs * 1000) / report.requestCount,
    p50Us: report.p50Us,
    p99Us: report.p99Us,
    peakMemoryBytes: peakMemoryBytesOf(process.pid),
  };
}
