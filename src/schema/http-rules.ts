// Which HTTP rules each method has: its annotation, or the last rule of the service configs whose selector matches it,
// which replaces the annotation with all its bindings.
// Source: google/api/http.proto, HttpRule and "gRPC Transcoding"; google/api/annotations.proto
import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import type { MergedSchema } from "./merge-schema.ts";
import { didYouMean } from "./nearest-name.ts";
import { reasonOf } from "./parse-file.ts";
import type { Problem } from "./problem.ts";
import { createProblemList } from "./problem-list.ts";
import { matchesSelector } from "./selector.ts";
import type { ServiceConfig, ServiceConfigRule } from "./service-config.ts";
import { createSourceLines } from "./source-lines.ts";

export interface ResolvedHttpRule {
  readonly method: DescMethod;
  readonly rule: HttpRule;
  /** `annotation in library.proto:12` or `api.yaml:12:5`. */
  readonly origin: string;
  readonly precedence: "service-config" | "annotation";
}

export interface ResolvedHttpRules {
  /** In the order of the services and their methods; at most one per method. */
  readonly rules: readonly ResolvedHttpRule[];
  /** Those of the service configs included. */
  readonly problems: readonly Problem[];
}

export function resolveHttpRules(schema: MergedSchema, configs: readonly ServiceConfig[]): ResolvedHttpRules {
  const problems = createProblemList();
  for (const config of configs) problems.addAll(config.problems);
  const methods = schema.services.flatMap(({ desc }) => desc.methods);
  const configured = matchConfigs(methods, configs, (place, message) => problems.add(place, message));
  const lineOf = createSourceLines();
  const rules: ResolvedHttpRule[] = [];
  for (const method of methods) {
    const found = configured.get(method);
    if (found !== undefined) {
      rules.push({ method, rule: found.rule, origin: found.origin, precedence: "service-config" });
      continue;
    }
    if (!hasOption(method, http)) continue;
    const file = method.parent.file.proto.name;
    const line = lineOf(method, http.number);
    const origin = `annotation in ${file}${line === undefined ? "" : `:${line}`}`;
    try {
      rules.push({ method, rule: getOption(method, http), origin, precedence: "annotation" });
    } catch (error) {
      problems.add(
        origin,
        `the google.api.http option of ${methodName(method)} cannot be read: ${reasonOf(error)}`,
      );
    }
  }
  return { rules, problems: problems.toArray() };
}

function methodName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

/** The last matching rule of each method. */
function matchConfigs(
  methods: readonly DescMethod[],
  configs: readonly ServiceConfig[],
  report: (place: string, message: string) => void,
): ReadonlyMap<DescMethod, ServiceConfigRule> {
  const byName = new Map(methods.map((method) => [methodName(method), method]));
  const matched = new Map<DescMethod, ServiceConfigRule>();
  let misses = 0;
  for (const found of configs.flatMap((config) => config.rules)) {
    const { selector } = found.rule;
    const exact = byName.get(selector);
    const hits = selector.endsWith("*")
      ? methods.filter((method) => matchesSelector(selector, methodName(method)))
      : exact === undefined
        ? []
        : [exact];
    for (const method of hits) matched.set(method, found);
    if (hits.length === 0) {
      // Comparing a name with all others takes its time; a config that misses altogether needs no list of guesses.
      const guess = misses++ < 10 ? didYouMean(selector, byName.keys()) : "";
      report(found.origin, `\`${selector}\` matches no method${guess}`);
    }
  }
  return matched;
}
