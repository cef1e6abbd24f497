// What the routes of one method share: its policy, the codec under the policy's JSON options, and the fields that the
// policy binds to headers and cookies. A setting that names no field is refused alone; the method's routes serve on.
// Source: protos/protogate/v1/options.proto (RestPolicy).
import type { DescMethod } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
import type { MethodInfo } from "../rpc/method.ts";
import type { Dialect } from "./dialect.ts";
import { compileFieldBinding, type FieldSource } from "./field-binding.ts";
import { compileLocation, type ReadLocation } from "./location.ts";
import { methodInfo } from "./method-info.ts";
import type { RestPolicy } from "./rest-policy.ts";
import type { RefusedSetting } from "./route.ts";
import type { TextFields } from "./text-fields.ts";

export interface MethodScope {
  readonly method: DescMethod;
  readonly info: MethodInfo;
  readonly policy: RestPolicy;
  readonly dialect: Dialect;
  readonly codec: Codec;
  readonly codecOf: (json: JsonOptions) => Codec;
  readonly textFields: TextFields;
  readonly unescape: Dialect["unescape"];
  /** Headers, then cookies, each in the policy's order: the first that a request has wins its field. */
  readonly sources: readonly FieldSource[];
  readonly locationOf: ReadLocation;
}

export interface MethodScopeOptions {
  readonly codecOf: (json: JsonOptions) => Codec;
  readonly dialect: Dialect;
  readonly policyOf: (method: DescMethod) => RestPolicy;
  readonly unescape?: Dialect["unescape"];
}

/** @param refused takes the settings that name no field */
export function compileMethod(
  method: DescMethod,
  options: MethodScopeOptions,
  textFields: TextFields,
  refused: RefusedSetting[],
): MethodScope {
  const { codecOf, dialect } = options;
  const policy = options.policyOf(method);
  const info = methodInfo(method);
  const refuse = (setting: string, reason: string): void => {
    refused.push({ methodName: `${info.service}/${info.name}`, setting, reason });
  };

  const sources: FieldSource[] = [];
  for (const [from, bindings] of [
    ["header", policy.headerBindings],
    ["cookie", policy.cookieBindings],
  ] as const) {
    for (const binding of bindings) {
      const source = compileFieldBinding(from, binding, method.input, textFields);
      if (typeof source === "string") refuse(`${from} ${binding.name}`, source);
      else sources.push(source);
    }
  }
  const location = compileLocation(method.output, policy.location);
  if (typeof location === "string") refuse("location", location);
  return {
    method,
    info,
    policy,
    dialect,
    codec: codecOf(policy.json),
    codecOf,
    textFields,
    unescape: options.unescape ?? dialect.unescape,
    sources,
    locationOf: typeof location === "string" ? () => undefined : location,
  };
}
