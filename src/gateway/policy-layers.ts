// The places that have a say in a method's policy, the most specific first: the config's selectors, the method's option,
// the service's option. The profile is what remains where none of them speaks.
// Source: issue 4 part 3 ("Config beats method option beats service option beats defaults").
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { didYouMean } from "../schema/nearest-name.ts";
import type { ProblemList } from "../schema/problem-list.ts";
import { matchesSelector } from "../schema/selector.ts";
import { createSourceLines } from "../schema/source-lines.ts";
import type { MethodSettings } from "./method-settings.ts";
import { policyOptionNumbers, readPolicyOption } from "./read-policy-option.ts";
import { protoNameOf, type RestKey, type RestSettings } from "./rest-settings.ts";

/** One place and what it says. The same object for all methods that it speaks for. */
export interface PolicyLayer {
  readonly rest: RestSettings;
  /** Whether it speaks for methods that nobody has looked at one by one, so that it need not fit each of them. */
  readonly shared: boolean;
  /** What it calls itself as a whole: `demo.library.v1.Library.CreateBook`, `pkg.*`. */
  readonly subject: string;
  /** Where a key was written: `protogate.yaml:12:5`, `option in library.proto:42`. */
  origin(key: RestKey, name?: string): string;
  /** The key as it is spelled there: `rest.success_status`. */
  spell(key: RestKey): string;
}

export type PolicyLayers = (method: DescMethod) => readonly PolicyLayer[];

/** Collects the layers of all methods; options that cannot be read and selectors that match nothing become problems. */
export function collectPolicyLayers(
  services: readonly DescService[],
  settings: readonly MethodSettings[],
  problems: ProblemList,
): PolicyLayers {
  const methods = services.flatMap((desc) => desc.methods);
  const configured = matchSettings(methods, settings, problems);
  const optionOf = createOptionReader(problems);
  return (method) => [
    ...(configured.get(method) ?? []),
    ...optionLayer(optionOf(method)),
    ...optionLayer(optionOf(method.parent)),
  ];
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
    const { selector, place, rest, places } = entry;
    const layer: PolicyLayer = {
      rest,
      shared: selector.endsWith("*"),
      subject: selector,
      origin: (key, name) => places.get(`${key}.${name}`) ?? places.get(key) ?? place,
      spell: (key) => `rest.${key}`,
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
      shared: owner.kind === "service",
      subject,
      origin: () => origin,
      spell: (key) => `rest.${protoNameOf(key)}`,
    };
  };
  return (owner: DescMethod | DescService): PolicyLayer | undefined => {
    if (!known.has(owner)) known.set(owner, read(owner));
    return known.get(owner);
  };
}
