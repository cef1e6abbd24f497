// Routes for the tests of binding: a .proto text in, its routes and a reader of bound messages out.
import {
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
  toJson,
} from "@bufbuild/protobuf";
import { createCodec } from "../../src/codec/create-codec.ts";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import { Header } from "../../src/rpc/header.ts";
import { type CompileRoutesOptions, compileRoutes } from "../../src/transcode/compile-routes.ts";
import { dialects, type ProfileName } from "../../src/transcode/dialect.ts";
import type { RestPolicy } from "../../src/transcode/rest-policy.ts";
import type { RequestParts, Route, RouteRule, RouteTable } from "../../src/transcode/route.ts";
import { compileProto } from "../support/compile-proto.ts";

/** Compiles the messages of a package `t` and the annotated methods of its services. */
export function compileSchema(text: string, syntax = 'syntax = "proto3";'): FileRegistry {
  const imports = [
    "google/api/annotations.proto",
    "google/api/httpbody.proto",
    ...["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"].map(
      (name) => `google/protobuf/${name}.proto`,
    ),
  ].map((path) => `import "${path}";`);
  return compileProto({ "t.proto": `${syntax}\npackage t;\n${imports.join("\n")}\n${text}` }).registry;
}

export function rulesOf(registry: FileRegistry): RouteRule[] {
  const rules: RouteRule[] = [];
  for (const file of registry.files) {
    for (const service of file.services) {
      for (const method of service.methods) {
        if (!hasOption(method, http)) continue;
        const origin = `annotation in ${file.name}.proto`;
        rules.push({ method, rule: getOption(method, http), origin, precedence: "annotation" });
      }
    }
  }
  return rules;
}

/** What a test changes of a dialect. */
export interface TableOptions extends Pick<CompileRoutesOptions, "unescape"> {
  readonly policy?: Partial<RestPolicy>;
}

export function tableOf(
  registry: FileRegistry,
  profile: ProfileName = "standard",
  { policy, ...options }: TableOptions = {},
): RouteTable {
  const dialect = dialects[profile];
  return compileRoutes(rulesOf(registry), {
    codecOf: (json) => createCodec(registry, { ...json, emitNulls: dialect.emitNulls }),
    dialect,
    policyOf: () => ({ ...dialect.policy, ...policy }),
    ...options,
  });
}

export interface Fixture {
  readonly route: Route;
  readonly input: DescMessage;
  /** Binds and reads the message back as ProtoJSON by proto names. */
  bind(parts: Partial<Omit<RequestParts, "body">> & { readonly body?: string | Uint8Array }): unknown;
}

/** The one route of a schema. */
export function fixtureOf(
  registry: FileRegistry,
  profile: ProfileName = "standard",
  options: TableOptions = {},
): Fixture {
  const { routes, refused } = tableOf(registry, profile, options);
  const [route] = routes;
  if (route === undefined) throw new Error(`no route: ${refused.map(({ reason }) => reason).join(", ")}`);
  return fixtureOfRoute(registry, route);
}

function fixtureOfRoute(registry: FileRegistry, route: Route): Fixture {
  const { input } = route.method;
  return {
    route,
    input,
    bind: (parts) =>
      toJson(input, fromBinary(input, route.bind(partsOf(parts))), { registry, useProtoFieldName: true }),
  };
}

/**
 * The routes of several rules of methods that take `Req`, in one run of protoc; where a rule is refused, its reason.
 * The rules stand for themselves: that one shadows another does not count.
 */
export function fixturesOf(
  messages: string,
  rules: readonly string[],
  profile: ProfileName = "standard",
  syntax?: string,
  options: TableOptions = {},
): (rule: string) => { readonly fixture?: Fixture; readonly reason?: string } {
  const rpcs = rules.map(
    (rule, i) => `rpc M${i}(Req) returns (google.protobuf.Empty) { option (google.api.http) = { ${rule} }; }`,
  );
  const registry = compileSchema(`${messages}\nservice S { ${rpcs.join("\n")} }`, syntax);
  const { routes, refused, shadowed } = tableOf(registry, profile, options);
  return (rule) => {
    const name = `M${rules.indexOf(rule)}`;
    const route = [...routes, ...shadowed.map((entry) => entry.route)].find(({ info }) => info.name === name);
    if (route !== undefined) return { fixture: fixtureOfRoute(registry, route) };
    return {
      reason: refused.find(({ methodName }) => methodName === `t.S/${name}`)?.reason ?? "no such rule",
    };
  };
}

export function partsOf(parts: Parameters<Fixture["bind"]>[0]): RequestParts {
  const { body = "" } = parts;
  return {
    captures: [],
    query: "",
    header: new Header(),
    contentType: "",
    ...parts,
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
}

/** A service with one method `t.S/M` from a request to an empty reply. */
export function service(rule: string, input = "Req", output = "google.protobuf.Empty"): string {
  return `service S { rpc M(${input}) returns (${output}) { option (google.api.http) = { ${rule} }; } }`;
}

/** The message of the refusal, without its code. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (reason) {
    return (reason as Error).message;
  }
  return "not refused";
}
