// Rules to routes: each `google.api.http` rule and each of its additional bindings compiled completely, so that a
// request resolves no name. A bad rule is refused with its reason and costs no other rule anything.
// Source: google/api/http.proto (HttpRule).
import type { DescField, DescMethod } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { Dialect } from "./dialect.ts";
import { methodInfo } from "./method-info.ts";
import { createParameterBinder } from "./parameter-binder.ts";
import { compilePathVariables } from "./path-variables.ts";
import { compileReplyBody } from "./reply-body.ts";
import { createRequestBinding } from "./request-binding.ts";
import { compileRequestBody } from "./request-body.ts";
import type { RefusedRoute, Route, RouteRule, RouteTable, ShadowedRoute } from "./route.ts";
import { parseTemplate, templateShape } from "./template.ts";
import { createTextFields, type TextFields } from "./text-fields.ts";
import { compileUpdateMask } from "./update-mask.ts";

export interface CompileRoutesOptions {
  /** Its JSON options decide how bodies are read and replies printed. */
  readonly codec: Codec;
  readonly dialect: Dialect;
}

/** A rule or one of its additional bindings. */
interface Binding {
  readonly source: RouteRule;
  readonly rule: HttpRule;
  readonly httpMethod: string;
  readonly template: string;
}

interface Compiled {
  readonly route: Route;
  readonly precedence: RouteRule["precedence"];
  /** Method and template shape: routes that share it match the same requests. */
  readonly claim: string;
}

/** RFC 9110 §5.6.2 */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function compileRoutes(rules: readonly RouteRule[], options: CompileRoutesOptions): RouteTable {
  const textFields = createTextFields(options);
  const infos = new Map<DescMethod, MethodInfo>();
  const refused: RefusedRoute[] = [];
  const compiled: Compiled[] = [];
  for (const source of rules) {
    const info = infos.get(source.method) ?? methodInfo(source.method);
    infos.set(source.method, info);
    for (const { rule, misplaced } of bindingsOf(source.rule)) {
      const binding = { source, rule, ...patternOf(rule) };
      const result = misplaced ?? compileBinding(binding, info, options, textFields);
      if (typeof result !== "string") {
        compiled.push(result);
        continue;
      }
      const { httpMethod, template } = binding;
      const { origin } = source;
      const methodName = `${info.service}/${info.name}`;
      refused.push({ httpMethod, template, methodName, origin, reason: result });
    }
  }
  return { ...settleClaims(compiled), refused };
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

function patternOf({ pattern }: HttpRule): Pick<Binding, "httpMethod" | "template"> {
  switch (pattern.case) {
    case undefined:
      return { httpMethod: "", template: "" };
    case "custom":
      return { httpMethod: pattern.value.kind.toUpperCase(), template: pattern.value.path };
    default:
      return { httpMethod: pattern.case.toUpperCase(), template: pattern.value };
  }
}

function compileBinding(
  { source, rule, httpMethod, template: templateText }: Binding,
  info: MethodInfo,
  options: CompileRoutesOptions,
  textFields: TextFields,
): Compiled | string {
  if (rule.pattern.case === undefined)
    return "no pattern: one of get, put, post, delete, patch, custom is needed";
  if (!token.test(httpMethod)) return `custom.kind ${JSON.stringify(httpMethod)} is no HTTP method`;
  const template = parseTemplate(templateText);
  if (template.kind === "refusal") return `column ${template.column}: ${template.reason}`;

  const { codec, dialect } = options;
  const { input, output } = source.method;
  const { body, responseBody } = rule;
  try {
    const path = compilePathVariables(template, input, dialect, (field: DescField) =>
      textFields.field(field),
    );
    if (typeof path === "string") return path;
    const scope = { input, body, pathFields: path.fields, codec, dialect, textFields };
    const requestBody = compileRequestBody(scope);
    if (typeof requestBody === "string") return requestBody;
    const replyBody = compileReplyBody(output, responseBody, codec);
    if (typeof replyBody === "string") return replyBody;
    const binding = createRequestBinding({
      bodyName: body,
      body: requestBody,
      query: createParameterBinder(scope),
      path,
      updateMask:
        dialect.updateMask === "infer" && httpMethod === "PATCH"
          ? compileUpdateMask(input, body, path.fields)
          : undefined,
    });
    const route: Route = {
      httpMethod,
      template: templateText,
      method: source.method,
      info,
      body,
      responseBody,
      origin: source.origin,
      rawRequestBody: requestBody.raw,
      rawReplyBody: replyBody.raw,
      bind: binding.bind,
      bindBody: binding.bindBody,
      encodeReply: replyBody.encode,
      explainBinding: binding.explain,
    };
    return { route, precedence: source.precedence, claim: `${httpMethod} ${templateShape(template)}` };
  } catch (reason) {
    // Compiling asks the codec, and a schema may hold what it cannot serve: that is this rule's loss only.
    return RpcError.from(reason).rawMessage;
  }
}

/** Of the routes with one claim, the first of a service config serves, else the first. */
function settleClaims(compiled: readonly Compiled[]): Pick<RouteTable, "routes" | "shadowed"> {
  const holders = new Map<string, Compiled>();
  for (const candidate of compiled) {
    const holder = holders.get(candidate.claim);
    const beats = holder?.precedence === "annotation" && candidate.precedence === "service-config";
    if (holder === undefined || beats) holders.set(candidate.claim, candidate);
  }
  const routes: Route[] = [];
  const shadowed: ShadowedRoute[] = [];
  for (const { claim, route } of compiled) {
    const by = holders.get(claim)?.route;
    if (by === route || by === undefined) routes.push(route);
    else shadowed.push({ route, by });
  }
  return { routes, shadowed };
}
