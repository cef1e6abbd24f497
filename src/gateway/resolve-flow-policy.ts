// The flow control of each method: for every key the most specific place that says something that can work. What cannot
// is refused with its place, and the next place counts.
// Source: protos/protogate/v1/options.proto ("Who wins").
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  type DirectionLimits,
  type FlowPolicy,
  type RateLimit,
  unlimitedDirection,
} from "../pipeline/flow-policy.ts";
import type { Problem } from "../schema/problem.ts";
import { createProblemList, type ProblemList } from "../schema/problem-list.ts";
import { decideFlowSetting, decideRateLimit, type FlowBounds, type WholeKey } from "./check-flow-setting.ts";
import { checkRepetition } from "./check-repetition.ts";
import { type FlowKey, flowKeys } from "./flow-settings.ts";
import { rateLimitText } from "./flow-text.ts";
import type { PolicyEntry } from "./policy-entry.ts";
import { createPolicyJudge, type PolicyJudge, wrong } from "./policy-judge.ts";
import type { PolicyLayer, PolicyLayers } from "./policy-layers.ts";

export interface ResolvedFlowPolicy {
  readonly policy: FlowPolicy;
  /** What somebody says, in the order of the options file; empty where nobody says anything. */
  readonly entries: readonly PolicyEntry[];
}

export interface FlowPolicies {
  /** Of every method of the services; for others that nothing is limited. */
  of(method: DescMethod): ResolvedFlowPolicy;
  /** Without those of the layers. */
  readonly problems: readonly Problem[];
}

export interface FlowPolicyOptions extends FlowBounds {
  readonly services: readonly DescService[];
  readonly layers: PolicyLayers;
}

/** Nothing is limited. */
export const noFlowPolicy: FlowPolicy = {
  rateLimits: [],
  concurrency: undefined,
  timeout: { defaultMs: undefined, maxMs: undefined, perTryMs: undefined },
  maxRequestBytes: undefined,
  maxReplyBytes: undefined,
  stream: {
    requests: unlimitedDirection,
    replies: unlimitedDirection,
    maxDurationMs: undefined,
    idleTimeoutMs: undefined,
  },
  retry: undefined,
  hedge: undefined,
  circuitBreaker: undefined,
  auth: undefined,
};

const unsaid: ResolvedFlowPolicy = { policy: noFlowPolicy, entries: [] };

export function resolveFlowPolicies({ services, layers, ...bounds }: FlowPolicyOptions): FlowPolicies {
  const problems = createProblemList();
  const judge = createPolicyJudge(problems);
  const accept = createAcceptance(judge, problems, bounds);

  const resolve = (method: DescMethod): ResolvedFlowPolicy => {
    const places = layers.of(method);
    if (places.every(({ flow }) => Object.keys(flow).length === 0)) return unsaid;
    const winners = new Map<FlowKey, Accepted>();
    for (const key of flowKeys) {
      // Every place is judged, those that are outvoted too: a wrong value is wrong although another one counts.
      const [winner] = places.flatMap((layer) => accept(key, layer, method) ?? []);
      if (winner !== undefined) winners.set(key, winner);
    }
    dropRepetition(winners, places);
    if (winners.size === 0) return unsaid;
    return { policy: policyOf(winners), entries: [...winners.values()].flatMap(({ entries }) => entries) };
  };

  const resolved = new Map<DescMethod, ResolvedFlowPolicy>();
  for (const { methods } of services) for (const method of methods) resolved.set(method, resolve(method));
  judge.reportUnfit();
  return { of: (method) => resolved.get(method) ?? unsaid, problems: problems.toArray() };
}

/** More limits than this make every call pay for what nobody can overlook any more. */
const maxRateLimits = 16;

interface Accepted {
  readonly layer: PolicyLayer;
  readonly value: unknown;
  readonly entries: readonly PolicyEntry[];
}

/** A method is retried or hedged: of the two the more specific place counts. In one place they are never both accepted. */
function dropRepetition(winners: Map<FlowKey, Accepted>, places: readonly PolicyLayer[]): void {
  const retry = winners.get("retry");
  const hedge = winners.get("hedge");
  if (retry?.value === undefined || hedge?.value === undefined) return;
  winners.delete(places.indexOf(retry.layer) < places.indexOf(hedge.layer) ? "hedge" : "retry");
}

/** What a layer says for a key, where that can work for the method. */
function createAcceptance(judge: PolicyJudge, problems: ProblemList, bounds: FlowBounds) {
  const acceptRateLimits = (layer: PolicyLayer, method: DescMethod): Accepted | undefined => {
    const key = "rateLimit";
    const written = layer.flow.rateLimit;
    if (written === undefined) return undefined;
    if (written.length === 0) return { layer, value: [], entries: [entry(key, "none", layer.origin(key))] };
    if (written.length > maxRateLimits) {
      const reason = `${written.length} limits, at most ${maxRateLimits} are read`;
      problems.add(layer.origin(key), `${layer.spell(key)} of ${layer.subject} is refused: ${reason}`);
      return undefined;
    }
    const limits = new Map<string, { readonly limit: RateLimit; readonly entry: PolicyEntry }>();
    for (const [index, setting] of written.entries()) {
      const item = `${index + 1}`;
      const decided = decideRateLimit(setting, index + 1, method);
      const twice =
        "name" in decided && limits.has(decided.name)
          ? wrong(`the name ${decided.name} is there twice`)
          : undefined;
      const fault = "kind" in decided ? decided : twice;
      if (!judge.passes(fault, { layer, key, item, method }) || "kind" in decided) continue;
      const name = written.length > 1 || setting.name !== undefined ? `${decided.name}: ` : "";
      const text = `${name}${rateLimitText(decided)}`;
      limits.set(decided.name, { limit: decided, entry: entry(key, text, layer.origin(key, item)) });
    }
    if (limits.size === 0) return undefined;
    const accepted = [...limits.values()];
    return {
      layer,
      value: accepted.map(({ limit }) => limit),
      entries: accepted.map((each) => each.entry),
    };
  };

  const acceptWhole = (key: WholeKey, layer: PolicyLayer, method: DescMethod): Accepted | undefined => {
    const written = layer.flow[key];
    if (written === undefined) return undefined;
    const decided = decideFlowSetting(key, written, method, bounds);
    const refusal = "kind" in decided ? decided : checkRepetition(key, layer, method);
    const fault = "kind" in decided ? decided : (refusal ?? decided.fault);
    judge.passes(fault, { layer, key, method });
    if ("kind" in decided || refusal !== undefined) return undefined;
    return { layer, value: decided.value, entries: [entry(key, decided.text, layer.origin(key))] };
  };

  return (key: FlowKey, layer: PolicyLayer, method: DescMethod): Accepted | undefined =>
    key === "rateLimit" ? acceptRateLimits(layer, method) : acceptWhole(key, layer, method);
}

function entry(key: FlowKey, value: string, origin: string): PolicyEntry {
  return { key, value, origin, byProfile: false };
}

/** The values are those that `decideFlowSetting` has made for their keys. */
function policyOf(winners: ReadonlyMap<FlowKey, Accepted>): FlowPolicy {
  const get = <V>(key: FlowKey): V | undefined => winners.get(key)?.value as V | undefined;
  const direction = (way: "requests" | "replies"): DirectionLimits => ({
    messagesPerSecond: get(`stream.${way}.messagesPerSecond`),
    bytesPerSecond: get(`stream.${way}.bytesPerSecond`),
    excess: get(`stream.${way}.excess`) ?? unlimitedDirection.excess,
    maxMessages: get(`stream.${way}.maxMessages`),
    maxTotalBytes: get(`stream.${way}.maxTotalBytes`),
  });
  return {
    rateLimits: get("rateLimit") ?? [],
    concurrency: get("concurrency"),
    timeout: {
      defaultMs: get("timeout.default"),
      maxMs: get("timeout.max"),
      perTryMs: get("timeout.perTry"),
    },
    maxRequestBytes: get("maxRequestBytes"),
    maxReplyBytes: get("maxReplyBytes"),
    stream: {
      requests: direction("requests"),
      replies: direction("replies"),
      maxDurationMs: get("stream.maxDuration"),
      idleTimeoutMs: get("stream.idleTimeout"),
    },
    retry: get("retry"),
    hedge: get("hedge"),
    circuitBreaker: get("circuitBreaker"),
    auth: get("auth"),
  };
}
