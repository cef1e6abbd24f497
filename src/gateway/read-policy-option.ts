// What a policy option of a .proto says: found by its number, so that it counts although the backend's schema lacks the
// file that declares it; enum numbers and fields that nobody here knows are told, never guessed.
// Source: protos/protogate/v1/options.proto.
import {
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  isMessage,
  type Message,
} from "@bufbuild/protobuf";
import {
  type MethodPolicy,
  method as methodOption,
  type RestPolicy,
  type ServicePolicy,
  RestPolicy_StreamFormat as StreamFormat,
  service as serviceOption,
  RestPolicy_UnknownFields as UnknownFields,
  RestPolicy_UpdateMask as UpdateMask,
} from "../gen/protogate/v1/options_pb.ts";
import { reasonOf } from "../schema/parse-file.ts";
import { unknownWord } from "./flow-limits.ts";
import type { FlowSettings } from "./flow-settings.ts";
import { readFlowOption } from "./read-flow-option.ts";
import { type RestSettings, snakeCase } from "./rest-settings.ts";

export interface PolicyOption {
  readonly rest: RestSettings;
  readonly flow: FlowSettings;
  /** What of it is refused, one sentence each. */
  readonly refusals: readonly string[];
}

/** The option of a method or service, by its number; undefined where it has none. Total. */
export function readPolicyOption(owner: DescMethod | DescService): PolicyOption | undefined {
  try {
    if (owner.kind === "rpc") {
      return hasOption(owner, methodOption) ? readPolicy(getOption(owner, methodOption)) : undefined;
    }
    return hasOption(owner, serviceOption) ? readPolicy(getOption(owner, serviceOption)) : undefined;
  } catch (error) {
    return { rest: {}, flow: {}, refusals: [`the option cannot be read: ${reasonOf(error)}`] };
  }
}

export const policyOptionNumbers = { rpc: methodOption.number, service: serviceOption.number } as const;

const unknownFields = new Map([
  [UnknownFields.REFUSE, "refuse"],
  [UnknownFields.IGNORE, "ignore"],
] as const);
const updateMasks = new Map([
  [UpdateMask.KEEP, "keep"],
  [UpdateMask.INFER, "infer"],
] as const);
const streamFormats = new Map([
  [StreamFormat.ARRAY, "array"],
  [StreamFormat.NDJSON, "ndjson"],
  [StreamFormat.SSE, "sse"],
] as const);

function readPolicy(policy: MethodPolicy | ServicePolicy): PolicyOption {
  const refusals: string[] = [];
  refuseUnknown(policy, [], refusals);
  const rest = policy.rest === undefined ? {} : readRest(policy.rest, refusals);
  return { rest, flow: readFlowOption(policy), refusals };
}

function readRest(rest: RestPolicy, refusals: string[]): RestSettings {
  const { emitDefaults, enumNumbers, protoNames, int64Numbers } = rest;
  const { successStatus, location, streamEnvelope, header, cookie } = rest;
  /** Zero is what all these enums say nothing with. */
  const word = <W>(key: string, value: number, words: ReadonlyMap<number, W>): W | undefined => {
    if (value !== 0 && !words.has(value)) {
      refusals.push(`rest.${key}: ${unknownWord(value)}`);
    }
    return words.get(value);
  };
  return {
    unknownFields: word("unknown_fields", rest.unknownFields, unknownFields),
    emitDefaults,
    enumNumbers,
    protoNames,
    int64Numbers,
    updateMask: word("update_mask", rest.updateMask, updateMasks),
    successStatus,
    location,
    streamFormat: word("stream_format", rest.streamFormat, streamFormats),
    streamEnvelope,
    // An empty repeated field is one that was not written.
    header:
      header.length === 0
        ? undefined
        : header.map((it) => ({ ...bindingOf(it), name: it.name.toLowerCase() })),
    cookie: cookie.length === 0 ? undefined : cookie.map(bindingOf),
  };
}

function bindingOf({ name, field }: { readonly name: string; readonly field: string }) {
  return { name, field };
}

/** An options file that is newer than we are may ask for what we cannot do, and silence would promise it. */
function refuseUnknown(message: Message, path: readonly string[], refusals: string[]): void {
  if (refusals.length >= maxRefusals) return;
  const what = path.length === 0 ? "the option" : `\`${path.join(".")}\``;
  const numbers = new Set((message.$unknown ?? []).map(({ no }) => no));
  for (const number of [...numbers].slice(0, maxRefusals)) {
    refusals.push(`${what} has a field ${number}, which this version of protogate does not know`);
  }
  for (const [name, value] of Object.entries(message)) {
    for (const inner of Array.isArray(value) ? value : [value]) {
      if (isMessage(inner)) refuseUnknown(inner, [...path, snakeCase(name)], refusals);
    }
  }
}

/** More of one option nobody reads. */
const maxRefusals = 20;
