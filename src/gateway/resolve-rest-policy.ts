// The REST policy of each method: for every key the most specific place that says something that can work. What cannot
// is refused with its place, and the next place counts.
// Source: issue 4 part 3; protos/protogate/v1/options.proto ("Who wins").
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { JsonOptions } from "../codec/codec.ts";
import type { Problem } from "../schema/problem.ts";
import { createProblemList, type ProblemList } from "../schema/problem-list.ts";
import { shorten } from "../schema/shorten.ts";
import type { FieldBinding, RestPolicy } from "../transcode/rest-policy.ts";
import type { TextFields } from "../transcode/text-fields.ts";
import { checkBinding, restChecks, type SettingFault } from "./check-rest-setting.ts";
import type { MethodSettings } from "./method-settings.ts";
import { type PolicyEntry, policyEntry, profileEntry } from "./policy-entry.ts";
import { collectPolicyLayers, methodName, type PolicyLayer } from "./policy-layers.ts";
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
  readonly problems: readonly Problem[];
}

export interface RestPolicyOptions {
  readonly services: readonly DescService[];
  /** In the order of the config: later ones win. */
  readonly settings: readonly MethodSettings[];
  readonly profile: { readonly name: string; readonly policy: RestPolicy };
  /** Says which fields a header or a cookie can fill. */
  readonly textFields: TextFields;
}

export function resolveRestPolicies(options: RestPolicyOptions): RestPolicies {
  const { services, settings, profile, textFields } = options;
  const problems = createProblemList();
  const layersOf = collectPolicyLayers(services, settings, problems);
  const judge = createJudge(problems, textFields);
  const defaults = restValuesOf(profile.policy);
  const byDefault: ResolvedRestPolicy = {
    policy: profile.policy,
    entries: restKeys.map((key) => profileEntry(key, defaults[key], profile.name)),
  };

  const resolve = (method: DescMethod): ResolvedRestPolicy => {
    const layers = layersOf(method);
    if (layers.length === 0) return byDefault;
    const values: RestValues = { ...defaults };
    const entries = restKeys.map((key) => {
      // Every place is judged, those that are outvoted too: a wrong value is wrong although another one counts.
      const [winner] = layers.flatMap((layer) => {
        const value = judge.accept(key, layer, method);
        return value === undefined ? [] : [{ value, layer }];
      });
      if (winner === undefined) return profileEntry(key, defaults[key], profile.name);
      Object.assign(values, { [key]: winner.value });
      return policyEntry(key, winner.value, winner.layer.origin(key));
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

function createJudge(problems: ProblemList, textFields: TextFields) {
  /** Settings of shared layers that have fitted no method yet, with the first reason why; null once one has. */
  const shared = new Map<
    PolicyLayer,
    Map<string, { readonly place: string; readonly text: string } | null>
  >();

  /** Whether a value can work for a method; if not, it is told now, or by `reportUnfit`. */
  const passes = (
    fault: SettingFault | undefined,
    at: { layer: PolicyLayer; key: RestKey; binding?: FieldBinding; method: DescMethod },
  ): boolean => {
    const { layer, key, binding, method } = at;
    const name = binding?.name;
    const place = layer.origin(key, name);
    const subject = `${layer.spell(key)}${name === undefined ? "" : ` ${shorten(name, 60)}`}`;
    if (layer.shared && fault?.kind !== "wrong") {
      const known = shared.get(layer) ?? new Map();
      shared.set(layer, known);
      const reason = `, ${methodName(method)} among them: ${fault?.reason}`;
      const text = `${subject} fits no method of ${layer.subject}${reason}`;
      // One header may fill two fields, and each of the two is a setting.
      const setting = `${subject} ${binding?.field ?? ""}`;
      if (fault === undefined) known.set(setting, null);
      else if (!known.has(setting)) known.set(setting, { place, text });
    } else if (fault !== undefined) {
      problems.add(place, `${subject} of ${layer.subject} is refused: ${fault.reason}`);
    }
    return fault === undefined;
  };

  const acceptBindings = (
    bindings: readonly FieldBinding[],
    key: "header" | "cookie",
    layer: PolicyLayer,
    method: DescMethod,
  ): readonly FieldBinding[] | undefined => {
    if (bindings.length > maxBindings) {
      const reason = `${bindings.length} bindings, at most ${maxBindings} are read`;
      problems.add(layer.origin(key), `${layer.spell(key)} of ${layer.subject} is refused: ${reason}`);
      return undefined;
    }
    const accepted = bindings.filter((binding) =>
      passes(checkBinding(key, binding, method, textFields), { layer, key, binding, method }),
    );
    return accepted.length > 0 || bindings.length === 0 ? accepted : undefined;
  };

  return {
    /** What a layer says for a key, where that can work for the method. */
    accept(key: RestKey, layer: PolicyLayer, method: DescMethod): RestValues[RestKey] | undefined {
      const value = layer.rest[key];
      if (value === undefined) return undefined;
      if (key === "header" || key === "cookie") {
        return acceptBindings(layer.rest[key] ?? [], key, layer, method);
      }
      const check = restChecks[key] as (value: unknown, method: DescMethod) => SettingFault | undefined;
      return passes(check(value, method), { layer, key, method }) ? value : undefined;
    },
    reportUnfit(): void {
      for (const settings of shared.values()) {
        for (const unfit of settings.values()) if (unfit !== null) problems.add(unfit.place, unfit.text);
      }
    },
  };
}
