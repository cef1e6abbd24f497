// Whether a value of a REST setting can work, and for which methods. What is wrong whatever the method is told apart
// from what only does not fit one of them: a setting for a whole service may fit some of its methods.
// Source: protos/protogate/v1/options.proto (RestPolicy); RFC 9110 §5.6.2 (token), §15.3 (2xx); RFC 6265 §4.1.1.
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { shorten } from "../schema/shorten.ts";
import { compileFieldBinding } from "../transcode/field-binding.ts";
import { compileLocation } from "../transcode/location.ts";
import type { FieldBinding } from "../transcode/rest-policy.ts";
import type { TextFields } from "../transcode/text-fields.ts";
import { type SettingFault, unfit, wrong } from "./policy-judge.ts";

/** What is wrong with a success status; nothing where it can be sent. */
export function checkSuccessStatus(status: number): string | undefined {
  // 205 forbids a body and 206 needs a range: a reply is neither.
  if (Number.isInteger(status) && status >= 200 && status <= 299 && status !== 205 && status !== 206) return;
  return `expected a status from 200 to 299, but neither 205 nor 206, got ${status}`;
}

/** What is wrong with the name of a header or cookie; nothing where a request may have it. */
export function checkBindingName(name: string): string | undefined {
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}$/.test(name)) return;
  return `expected a name of letters, digits and !#$%&'*+-.^_\`|~, got ${JSON.stringify(shorten(name, 60))}`;
}

type Check<V> = (value: V, method: DescMethod) => SettingFault | undefined;

const anyValue = (): undefined => undefined;

/** One row for each key that is one value; lists are checked entry by entry. */
export const restChecks = {
  unknownFields: anyValue,
  emitDefaults: anyValue,
  enumNumbers: anyValue,
  protoNames: anyValue,
  int64Numbers: anyValue,
  updateMask: (value: "keep" | "infer", { input }: DescMethod) =>
    value === "keep" || countMasks(input) === 1
      ? undefined
      : unfit(`expected one FieldMask in ${input.typeName}, it has ${countMasks(input)}`),
  successStatus: (status: number, method: DescMethod) => {
    const reason = checkSuccessStatus(status);
    return reason === undefined ? refuseStream(method) : wrong(reason);
  },
  location: (location: string, method: DescMethod) => {
    if (location === "") return undefined;
    const read = compileLocation(method.output, location);
    return refuseStream(method) ?? (typeof read === "string" ? unfit(shorten(read, 200)) : undefined);
  },
  streamFormat: (_: string, method: DescMethod) => needStream(method),
  streamEnvelope: (_: boolean, method: DescMethod) => needStream(method),
} satisfies Record<string, Check<never>>;

/** One header or cookie binding. */
export function checkBinding(
  from: "header" | "cookie",
  binding: FieldBinding,
  method: DescMethod,
  textFields: TextFields,
): SettingFault | undefined {
  const reason = checkBindingName(binding.name);
  if (reason !== undefined) return wrong(reason);
  if (binding.field === "") return wrong("it names no field");
  const source = compileFieldBinding(from, binding, method.input, textFields);
  return typeof source === "string" ? unfit(shorten(source, 200)) : undefined;
}

function refuseStream({ methodKind }: DescMethod): SettingFault | undefined {
  const streams = methodKind === "server_streaming" || methodKind === "bidi_streaming";
  return streams ? unfit("the reply is a stream, whose header goes out before its first message") : undefined;
}

function needStream(method: DescMethod): SettingFault | undefined {
  return refuseStream(method) === undefined ? unfit("the reply is no stream") : undefined;
}

function countMasks(input: DescMessage): number {
  return input.fields.filter(({ message }) => message?.typeName === "google.protobuf.FieldMask").length;
}
