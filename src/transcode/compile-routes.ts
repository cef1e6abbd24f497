// Rules to routes: each `google.api.http` rule and each of its additional bindings compiled on its own. A bad rule is
// refused with its reason and costs no other rule anything.
// Source: google/api/http.proto (HttpRule).
import type { DescMethod } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { compileMethod, type MethodScope } from "./compile-method.ts";
import { type CompiledRoute, compileRoute, type RoutePattern } from "./compile-route.ts";
import type { Dialect } from "./dialect.ts";
import type { RestPolicy } from "./rest-policy.ts";
import type { RefusedRoute, RefusedSetting, Route, RouteRule, RouteTable, ShadowedRoute } from "./route.ts";
import { createTextFields } from "./text-fields.ts";

export interface CompileRoutesOptions {
  /** The codec of the schema under the JSON options of a policy; the same one for the same options. */
  readonly codecOf: (json: JsonOptions) => Codec;
  readonly dialect: Dialect;
  /** What a method's options and the config make of the dialect's policy. Asked once per method. */
  readonly policyOf: (method: DescMethod) => RestPolicy;
  /** How variables of several segments are decoded; default the dialect's. */
  readonly unescape?: Dialect["unescape"];
}

interface Claim extends CompiledRoute {
  readonly precedence: RouteRule["precedence"];
}

export function compileRoutes(rules: readonly RouteRule[], options: CompileRoutesOptions): RouteTable {
  const { codecOf, dialect } = options;
  const textFields = createTextFields({ codec: codecOf(dialect.policy.json), dialect });
  const scopes = new Map<DescMethod, MethodScope>();
  const refused: RefusedRoute[] = [];
  const refusedSettings: RefusedSetting[] = [];
  const claims: Claim[] = [];

  const compile = (pattern: RoutePattern, source: RouteRule): CompiledRoute | string => {
    try {
      let scope = scopes.get(source.method);
      if (scope === undefined) {
        scope = compileMethod(source.method, options, textFields, refusedSettings);
        scopes.set(source.method, scope);
      }
      return compileRoute(pattern, source, scope);
    } catch (reason) {
      // Compiling asks the codec, and a schema may hold what it cannot serve: that is this rule's loss only.
      return RpcError.from(reason).rawMessage;
    }
  };

  for (const source of rules) {
    for (const { rule, misplaced } of bindingsOf(source.rule)) {
      const pattern = { rule, ...patternOf(rule) };
      const result = misplaced ?? compile(pattern, source);
      if (typeof result !== "string") {
        claims.push({ ...result, precedence: source.precedence });
        continue;
      }
      const { httpMethod, template } = pattern;
      const { method, origin } = source;
      const methodName = `${method.parent.typeName}/${method.name}`;
      refused.push({ httpMethod, template, methodName, origin, reason: result });
    }
  }
  return { ...settleClaims(claims), refused, refusedSettings };
}

/** The rule and its additional bindings; those one level deeper come with the reason why they may not. */
function* bindingsOf(rule: HttpRule): Generator<{ readonly rule: HttpRule; readonly misplaced?: string }> {
  yield { rule };
  for (const additional of rule.additionalBindings) {
    yield { rule: additional };
    for (const nested of additional.additionalBindings) {
      yield { rule: nested, misplaced: "additional_bindings inside of additional_bindings" };
    }
  }
}

function patternOf({ pattern }: HttpRule): Pick<RoutePattern, "httpMethod" | "template"> {
  switch (pattern.case) {
    case undefined:
      return { httpMethod: "", template: "" };
    case "custom":
      return { httpMethod: pattern.value.kind.toUpperCase(), template: pattern.value.path };
    default:
      return { httpMethod: pattern.case.toUpperCase(), template: pattern.value };
  }
}

/** Of the routes with one claim, the first of a service config serves, else the first. */
function settleClaims(claims: readonly Claim[]): Pick<RouteTable, "routes" | "shadowed"> {
  const holders = new Map<string, Claim>();
  for (const candidate of claims) {
    const holder = holders.get(candidate.claim);
    const beats = holder?.precedence === "annotation" && candidate.precedence === "service-config";
    if (holder === undefined || beats) holders.set(candidate.claim, candidate);
  }
  const routes: Route[] = [];
  const shadowed: ShadowedRoute[] = [];
  for (const { claim, route } of claims) {
    const by = holders.get(claim)?.route;
    if (by === route || by === undefined) routes.push(route);
    else shadowed.push({ route, by });
  }
  return { routes, shadowed };
}
