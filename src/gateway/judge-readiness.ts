// Decides whether the gateway is ready and says in words what is missing.
import { formatProblem, type Problem } from "../schema/problem.ts";
import { formatTarget } from "../upstream/target.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Readiness } from "./readiness.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SourceState } from "./source-state.ts";

interface ReadinessInput {
  readonly snapshot: Snapshot | undefined;
  readonly states: readonly SourceState[];
  readonly upstreams: readonly Upstream[];
  /** Names of the upstreams without which the gateway is not ready. */
  readonly required: ReadonlySet<string>;
  readonly draining: boolean;
  /** Of a schema that was not put into service. */
  readonly refused: readonly Problem[];
  /** Of service configs whose older rules serve. */
  readonly stale: readonly Problem[];
}

export function judgeReadiness(input: ReadinessInput): Readiness {
  const missing: string[] = [];
  const warnings: string[] = [];
  if (input.draining) missing.push("the gateway is draining");
  const refused = input.refused.map(formatProblem);
  if (input.snapshot !== undefined) warnings.push(...refused);
  else missing.push(refused.length === 0 ? "no schema has been read yet" : refused.join("; "));
  warnings.push(...input.stale.map((problem) => `service config is stale: ${formatProblem(problem)}`));
  for (const upstream of input.upstreams) {
    const complaint = complaintOf(upstream);
    if (complaint === undefined) continue;
    (input.required.has(upstream.name) ? missing : warnings).push(complaint);
  }
  for (const { source, reading, problems, tried } of input.states) {
    if (reading !== undefined) {
      if (problems.length > 0)
        warnings.push(`${source.name} is stale: ${problems.map(formatProblem).join("; ")}`);
      continue;
    }
    const why = tried ? problems.map(formatProblem).join("; ") : "not read yet";
    const needed = source.upstreams.length === 0 || source.upstreams.some((name) => input.required.has(name));
    (needed ? missing : warnings).push(`${source.name}: ${why}`);
  }
  return { ready: missing.length === 0, missing, warnings };
}

/** An idle channel can make a connection as far as anyone knows, so it is no ground for complaint. */
function complaintOf({ name, target, transport }: Upstream): string | undefined {
  const { state, lastError } = transport.status();
  if (state === "ready" || state === "idle") return undefined;
  const why = lastError ?? (state === "connecting" ? "still connecting" : state);
  return `upstream ${name} (${formatTarget(target)}): ${why}`;
}
