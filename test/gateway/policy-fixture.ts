// Policies of a schema that a test writes beside what it asserts.
import type { DescMethod } from "@bufbuild/protobuf";
import { createCodecs } from "../../src/gateway/create-codecs.ts";
import type { FlowSettings } from "../../src/gateway/flow-settings.ts";
import type { MethodSettings } from "../../src/gateway/method-settings.ts";
import { collectPolicyLayers } from "../../src/gateway/policy-layers.ts";
import { resolveFlowPolicies } from "../../src/gateway/resolve-flow-policy.ts";
import { type RestPolicies, resolveRestPolicies } from "../../src/gateway/resolve-rest-policy.ts";
import type { RestSettings } from "../../src/gateway/rest-settings.ts";
import type { FlowPolicy } from "../../src/pipeline/flow-policy.ts";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { dialects, type ProfileName } from "../../src/transcode/dialect.ts";
import { createTextFields } from "../../src/transcode/text-fields.ts";
import { compileFiles, inputOf } from "../schema/schema-inputs.ts";

/** `notes.proto` with the methods of a service in it; the first line of them is line 21. */
export function notesFiles(methods: string): SchemaFile[] {
  return compileFiles({
    "notes.proto": `syntax = "proto3";
package t;
import "google/protobuf/field_mask.proto";
import "google/protobuf/wrappers.proto";
import "protogate/v1/options.proto";
message Note {
  string name = 1;
  int64 size = 2;
  bytes hash = 3;
  map<string, string> labels = 4;
  google.protobuf.StringValue title = 5;
  Context context = 6;
  repeated string tags = 7;
  google.protobuf.FieldMask mask = 8;
  Kind kind = 9;
}
message Context { string tenant = 1; }
enum Kind { KIND_UNSPECIFIED = 0; }
message Bare {}
service Notes {
${methods}
}`,
  });
}

export interface Resolved {
  readonly policies: RestPolicies;
  of(method: string): ReturnType<RestPolicies["of"]>["policy"];
  /** `201 by option in notes.proto:22` */
  said(method: string, key: string): string;
  /** `place: message` of each problem. */
  readonly told: readonly string[];
}

export function resolve(
  files: readonly SchemaFile[],
  settings: readonly MethodSettings[] = [],
  profile: ProfileName = "standard",
): Resolved {
  const schema = mergeSchema([inputOf("backend", files)]);
  const services = schema.services.map(({ desc }) => desc);
  const dialect = dialects[profile];
  const codec = createCodecs(schema.registry, dialect)(dialect.policy.json);
  const layers = collectPolicyLayers(services, settings);
  const policies = resolveRestPolicies({
    services,
    settings,
    layers,
    profile: dialect,
    textFields: createTextFields({ codec, dialect }),
  });
  const methods = services.flatMap((desc) => desc.methods);
  const resolved = (name: string) => policies.of(methods.find((desc) => desc.name === name) as DescMethod);
  return {
    policies,
    of: (name) => resolved(name).policy,
    said(name, key) {
      const entry = resolved(name).entries.find((candidate) => candidate.key === `rest.${key}`);
      return `${entry?.value} by ${entry?.origin}`;
    },
    told: [...schema.problems, ...layers.problems, ...policies.problems].map(formatProblem),
  };
}

export interface ResolvedFlow {
  of(method: string): FlowPolicy;
  /** `key value by origin` of all that somebody says. */
  said(method: string): readonly string[];
  /** `place: message` of each problem. */
  readonly told: readonly string[];
}

/** The gateway's own limit of a request message is 4 MiB. */
export function resolveFlow(
  files: readonly SchemaFile[],
  settings: readonly MethodSettings[] = [],
): ResolvedFlow {
  const schema = mergeSchema([inputOf("backend", files)]);
  const services = schema.services.map(({ desc }) => desc);
  const layers = collectPolicyLayers(services, settings);
  const policies = resolveFlowPolicies({ services, layers, maxRequestBytes: 4 * 1024 ** 2 });
  const methods = services.flatMap((desc) => desc.methods);
  const resolved = (name: string) => policies.of(methods.find((desc) => desc.name === name) as DescMethod);
  return {
    of: (name) => resolved(name).policy,
    said: (name) => resolved(name).entries.map(({ key, value, origin }) => `${key} ${value} by ${origin}`),
    told: [...schema.problems, ...layers.problems, ...policies.problems].map(formatProblem),
  };
}

/** An entry of a config whose selector is on a line and whose keys are on those after it. */
export function settingsOf(selector: string, rest: RestSettings, line = 1): MethodSettings {
  return entryOf(selector, { rest }, line);
}

export function entryOf(
  selector: string,
  { rest = {}, flow = {} }: { readonly rest?: RestSettings; readonly flow?: FlowSettings },
  line = 1,
): MethodSettings {
  const keys = [...Object.keys(rest).map((key) => `rest.${key}`), ...Object.keys(flow)];
  const places = new Map(keys.map((key, i) => [key, `p.yaml:${line + i + 1}:5`]));
  return { selector, place: `p.yaml:${line}:3`, rest, flow, places };
}
