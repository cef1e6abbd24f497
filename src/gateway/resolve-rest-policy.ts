// The REST policy of each method: for every key the most specific place that says something that can work. What cannot
// is refused with its place, and the next place counts.
// Source: protos/protogate/v1/options.proto ("Who wins").
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { JsonOptions } from "../codec/codec.ts";
import type { Problem } from "../schema/problem.ts";
import { createProblemList, type ProblemList } from "../schema/problem-list.ts";
import type { FieldBinding, RestPolicy } from "../transcode/rest-policy.ts";
import type { TextFields } from "../transcode/text-fields.ts";
import { checkBinding, restChecks } from "./check-rest-setting.ts";
import type { MethodSettings } from "./method-settings.ts";
import { type PolicyEntry, policyEntry, profileEntry } from "./policy-entry.ts";
import { createPolicyJudge, type PolicyJudge, type SettingFault } from "./policy-judge.ts";
import type { PolicyLayer, PolicyLayers } from "./policy-layers.ts";
import { type RestKey, type RestValues, restKeys, restPolicyOf, restValuesOf } from "./rest-settings.ts";

export interface ResolvedRestPolicy {
  readonly policy: RestPolicy;
  /** Every key, in the order of the options file. */
  readonly entries: readonly PolicyEntry[];
}

export interface RestPolicies {
  /** Of every method of the services; for others what the profile says. */
  of(method: DescMethod): ResolvedRestPolicy;
  /** How JSON is printed that belongs to no method, such as errors: by what the config says for all methods. */
  readonly json: JsonOptions;
  /** Without those of the layers. */
  readonly problems: readonly Problem[];
}

export interface RestPolicyOptions {
  readonly services: readonly DescService[];
  /** In the order of the config: later ones win. */
  readonly settings: readonly MethodSettings[];
  /** Of services and settings. */
  readonly layers: PolicyLayers;
  readonly profile: { readonly name: string; readonly policy: RestPolicy };
  /** Says which fields a header or a cookie can fill. */
  readonly textFields: TextFields;
}

export function resolveRestPolicies(options: RestPolicyOptions): RestPolicies {
  const { services, settings, layers, profile, textFields } = options;
  const problems = createProblemList();
  const judge = createPolicyJudge(problems);
  const accept = createAcceptance(judge, problems, textFields);
  const defaults = restValuesOf(profile.policy);
  const byDefault: ResolvedRestPolicy = {
    policy: profile.policy,
    entries: restKeys.map((key) => profileEntry(key, defaults[key], profile.name)),
  };

  const resolve = (method: DescMethod): ResolvedRestPolicy => {
    const places = layers.of(method);
    if (places.length === 0) return byDefault;
    const values: RestValues = { ...defaults };
    const entries = restKeys.map((key) => {
      // Every place is judged, those that are outvoted too: a wrong value is wrong although another one counts.
      const [winner] = places.flatMap((layer) => {
        const value = accept(key, layer, method);
        return value === undefined ? [] : [{ value, layer }];
      });
      if (winner === undefined) return profileEntry(key, defaults[key], profile.name);
      Object.assign(values, { [key]: winner.value });
      return policyEntry(key, winner.value, winner.layer.origin(`rest.${key}`));
    });
    return { policy: restPolicyOf(values), entries };
  };

  const resolved = new Map<DescMethod, ResolvedRestPolicy>();
  for (const { methods } of services) for (const method of methods) resolved.set(method, resolve(method));
  judge.reportUnfit();
  const forAll = settings.filter(({ selector }) => selector === "*").map(({ rest }) => rest);
  return {
    of: (method) => resolved.get(method) ?? byDefault,
    json: restPolicyOf(Object.assign({}, defaults, ...forAll)).json,
    problems: problems.toArray(),
  };
}

/** More header or cookie bindings than any message has fields worth filling so. */
const maxBindings = 64;

/** What a layer says for a key, where that can work for the method. */
function createAcceptance(judge: PolicyJudge, problems: ProblemList, textFields: TextFields) {
  const acceptBindings = (
    bindings: readonly FieldBinding[],
    from: "header" | "cookie",
    layer: PolicyLayer,
    method: DescMethod,
  ): readonly FieldBinding[] | undefined => {
    const key = `rest.${from}`;
    if (bindings.length > maxBindings) {
      const reason = `${bindings.length} bindings, at most ${maxBindings} are read`;
      problems.add(layer.origin(key), `${layer.spell(key)} of ${layer.subject} is refused: ${reason}`);
      return undefined;
    }
    const accepted = bindings.filter((binding) => {
      const fault = checkBinding(from, binding, method, textFields);
      return judge.passes(fault, { layer, key, item: binding.name, detail: binding.field, method });
    });
    return accepted.length > 0 || bindings.length === 0 ? accepted : undefined;
  };

  return (key: RestKey, layer: PolicyLayer, method: DescMethod): RestValues[RestKey] | undefined => {
    const value = layer.rest[key];
    if (value === undefined) return undefined;
    if (key === "header" || key === "cookie") {
      return acceptBindings(layer.rest[key] ?? [], key, layer, method);
    }
    const check = restChecks[key] as (value: unknown, method: DescMethod) => SettingFault | undefined;
    return judge.passes(check(value, method), { layer, key: `rest.${key}`, method }) ? value : undefined;
  };
}
