// What a place may say of how methods speak REST: the choices of a RestPolicy as one flat list of keys, each of which may
// be left unsaid. The options of a .proto, the config file and a profile all come down to this.
// Source: protos/protogate/v1/options.proto (RestPolicy).
import type { FieldBinding, RestPolicy, StreamFormatName } from "../transcode/rest-policy.ts";

/** Every choice decided. */
export interface RestValues {
  readonly unknownFields: "refuse" | "ignore";
  readonly emitDefaults: boolean;
  readonly enumNumbers: boolean;
  readonly protoNames: boolean;
  readonly int64Numbers: boolean;
  readonly updateMask: "keep" | "infer";
  readonly successStatus: number;
  readonly location: string;
  readonly streamFormat: StreamFormatName;
  readonly streamEnvelope: boolean;
  /** Names in lower case. */
  readonly header: readonly FieldBinding[];
  readonly cookie: readonly FieldBinding[];
}

export type RestKey = keyof RestValues;

/** What one place says; a key that is absent or undefined is left to the next. */
export type RestSettings = { readonly [K in RestKey]?: RestValues[K] | undefined };

/** In the order of the options file, which is that of all lists for people. */
export const restKeys = [
  "unknownFields",
  "emitDefaults",
  "enumNumbers",
  "protoNames",
  "int64Numbers",
  "updateMask",
  "successStatus",
  "location",
  "streamFormat",
  "streamEnvelope",
  "header",
  "cookie",
] as const satisfies readonly RestKey[];

export function restPolicyOf(values: RestValues): RestPolicy {
  const { unknownFields, emitDefaults, enumNumbers, protoNames, int64Numbers } = values;
  const { updateMask, successStatus, location, streamFormat, streamEnvelope, header, cookie } = values;
  return {
    json: { unknownFields, emitDefaults, enumNumbers, protoNames, int64Numbers },
    updateMask,
    successStatus,
    location,
    streamFormat,
    streamEnvelope,
    headerBindings: header,
    cookieBindings: cookie,
  };
}

export function restValuesOf(policy: RestPolicy): RestValues {
  const { json, headerBindings, cookieBindings, ...rest } = policy;
  return { ...json, ...rest, header: headerBindings, cookie: cookieBindings };
}

/** `successStatus` → `success_status`, as the options file spells it. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
