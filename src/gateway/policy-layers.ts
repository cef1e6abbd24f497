// The places that have a say in a method's policy, the most specific first: the config's selectors, the method's option,
// the service's option. The profile, or no limit, is what remains where none of them speaks.
// Source: protos/protogate/v1/options.proto ("Who wins").
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { didYouMean } from "../schema/nearest-name.ts";
import type { Problem } from "../schema/problem.ts";
import { createProblemList, type ProblemList } from "../schema/problem-list.ts";
import { matchesSelector } from "../schema/selector.ts";
import { createSourceLines } from "../schema/source-lines.ts";
import type { FlowSettings } from "./flow-settings.ts";
import type { MethodSettings } from "./method-settings.ts";
import { policyOptionNumbers, readPolicyOption } from "./read-policy-option.ts";
import { type RestSettings, snakeCase } from "./rest-settings.ts";

/** One place and what it says. The same object for all methods that it speaks for. */
export interface PolicyLayer {
  readonly rest: RestSettings;
  readonly flow: FlowSettings;
  /** Whose word it is: the operator's, or that of the people who own the method. */
  readonly level: "config" | "method" | "service";
  /** Whether it speaks for methods that nobody has looked at one by one, so that it need not fit each of them. */
  readonly shared: boolean;
  /** What it calls itself as a whole: `demo.library.v1.Library.CreateBook`, `pkg.*`. */
  readonly subject: string;
  /** Where a key such as `rest.header` was written, or one of its list: `protogate.yaml:12:5`, `option in library.proto:42`. */
  origin(key: string, item?: string): string;
  /** The key as it is spelled there: `rest.success_status`. */
  spell(key: string): string;
}

export interface PolicyLayers {
  of(method: DescMethod): readonly PolicyLayer[];
  /** Options that cannot be read, selectors that match nothing. */
  readonly problems: readonly Problem[];
}

/**
 * Collects the layers of all methods.
 * @param settings in the order of the config: later ones win
 */
export function collectPolicyLayers(
  services: readonly DescService[],
  settings: readonly MethodSettings[],
): PolicyLayers {
  const problems = createProblemList();
  const methods = services.flatMap((desc) => desc.methods);
  const configured = matchSettings(methods, settings, problems);
  const optionOf = createOptionReader(problems);
  const layers = new Map<DescMethod, readonly PolicyLayer[]>();
  for (const method of methods) {
    const own = [...optionLayer(optionOf(method)), ...optionLayer(optionOf(method.parent))];
    layers.set(method, [...(configured.get(method) ?? []), ...own]);
  }
  return { of: (method) => layers.get(method) ?? [], problems: problems.toArray() };
}

function optionLayer(layer: PolicyLayer | undefined): readonly PolicyLayer[] {
  return layer === undefined ? [] : [layer];
}

export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

/** For each method the config's entries, the last matching one first. */
function matchSettings(
  methods: readonly DescMethod[],
  settings: readonly MethodSettings[],
  problems: ProblemList,
): ReadonlyMap<DescMethod, readonly PolicyLayer[]> {
  const names = methods.map((method) => [methodName(method), method] as const);
  const matched = new Map<DescMethod, PolicyLayer[]>();
  let misses = 0;
  for (const entry of settings) {
    const { selector, place, rest, flow, places } = entry;
    const layer: PolicyLayer = {
      rest,
      flow,
      level: "config",
      shared: selector.endsWith("*"),
      subject: selector,
      origin: (key, item) => places.get(`${key}.${item}`) ?? places.get(key) ?? place,
      spell: (key) => key,
    };
    const hits = names.filter(([name]) => matchesSelector(selector, name));
    for (const [, method] of hits) matched.set(method, [layer, ...(matched.get(method) ?? [])]);
    if (hits.length > 0 || selector === "*") continue;
    // Comparing a name with all others takes its time; a config that misses altogether needs no list of guesses.
    const candidates = misses++ < 10 ? names.map(([name]) => name) : [];
    const guess = didYouMean(selector, candidates);
    problems.add(place, `\`${selector}\` matches no method${guess}`);
  }
  return matched;
}

/** Reads each option once, whoever asks. */
function createOptionReader(problems: ProblemList) {
  const known = new Map<DescMethod | DescService, PolicyLayer | undefined>();
  const lineOf = createSourceLines();
  const read = (owner: DescMethod | DescService): PolicyLayer | undefined => {
    const option = readPolicyOption(owner);
    if (option === undefined) return undefined;
    const file = owner.kind === "rpc" ? owner.parent.file : owner.file;
    const line = lineOf(owner, policyOptionNumbers[owner.kind]);
    const kind = owner.kind === "rpc" ? "option" : "service option";
    const origin = `${kind} in ${file.proto.name}${line === undefined ? "" : `:${line}`}`;
    const subject = owner.kind === "rpc" ? methodName(owner) : owner.typeName;
    for (const refusal of option.refusals) problems.add(origin, `${subject}: ${refusal}`);
    return {
      rest: option.rest,
      flow: option.flow,
      level: owner.kind === "rpc" ? "method" : "service",
      shared: owner.kind === "service",
      subject,
      origin: () => origin,
      spell: snakeCase,
    };
  };
  return (owner: DescMethod | DescService): PolicyLayer | undefined => {
    if (!known.has(owner)) known.set(owner, read(owner));
    return known.get(owner);
  };
}
