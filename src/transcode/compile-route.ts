// One pattern of a rule as a route: template, path, query, body and reply compiled completely, so that a request
// resolves no name.
// Source: google/api/http.proto (HttpRule).
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import type { MethodScope } from "./compile-method.ts";
import { createFieldBindings } from "./field-bindings.ts";
import { createParameterBinder } from "./parameter-binder.ts";
import { compilePathVariables } from "./path-variables.ts";
import { compileReplyBody } from "./reply-body.ts";
import { createRequestBinding } from "./request-binding.ts";
import { compileRequestBody } from "./request-body.ts";
import type { Route, RouteRule } from "./route.ts";
import { ownParametersOf } from "./system-parameters.ts";
import { parseTemplate, templateShape } from "./template.ts";
import { compileUpdateMask } from "./update-mask.ts";

/** A rule or one of its additional bindings. */
export interface RoutePattern {
  readonly rule: HttpRule;
  readonly httpMethod: string;
  readonly template: string;
}

export interface CompiledRoute {
  readonly route: Route;
  /** Method and template shape: routes that share it match the same requests. */
  readonly claim: string;
}

/** RFC 9110 §5.6.2 */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The route, or the reason why there can be none.
 * @throws whatever the codec throws for a schema that it cannot serve
 */
export function compileRoute(
  { rule, httpMethod, template: templateText }: RoutePattern,
  source: RouteRule,
  scope: MethodScope,
): CompiledRoute | string {
  if (rule.pattern.case === undefined)
    return "no pattern: one of get, put, post, delete, patch, custom is needed";
  if (!token.test(httpMethod)) return `custom.kind ${JSON.stringify(httpMethod)} is no HTTP method`;
  const template = parseTemplate(templateText);
  if (template.kind === "refusal") return `column ${template.column}: ${template.reason}`;

  const { method, policy, dialect, textFields } = scope;
  const { input } = method;
  const { body, responseBody } = rule;
  const path = compilePathVariables(template, input, scope);
  if (typeof path === "string") return path;
  const parameters = {
    input,
    body,
    pathFields: path.fields,
    unknownFields: policy.json.unknownFields,
    textFields,
  };
  const requestBody = compileRequestBody({ ...parameters, codec: scope.codec, dialect });
  if (typeof requestBody === "string") return requestBody;
  const replyBody = compileReplyBody(method.output, responseBody, scope);
  if (typeof replyBody === "string") return replyBody;
  const ownParameters = ownParametersOf(parameters, dialect);
  const binding = createRequestBinding({
    bodyName: body,
    body: requestBody,
    query: createParameterBinder(parameters),
    path,
    sources: createFieldBindings(scope.sources, path.fields),
    updateMask:
      policy.updateMask === "infer" && httpMethod === "PATCH"
        ? compileUpdateMask(input, body, path.fields)
        : undefined,
    dialect,
    ownParameters,
  });
  const route: Route = {
    httpMethod,
    template: templateText,
    method,
    info: scope.info,
    policy,
    body,
    responseBody,
    origin: source.origin,
    rawRequestBody: requestBody.raw,
    rawReplyBody: replyBody.raw,
    bind: binding.bind,
    bindBody: binding.bindBody,
    bindForm: binding.bindForm,
    checkReplyForm: replyBody.check,
    encodeReply: replyBody.encode,
    locationOf: scope.locationOf,
    ownParameters,
    explainBinding: binding.explain,
  };
  return { route, claim: `${httpMethod} ${templateShape(template)}` };
}
