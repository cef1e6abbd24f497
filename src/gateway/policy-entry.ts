// A policy as people read it: each choice as a word, with who made it.
import { type Dialect, dialects } from "../transcode/dialect.ts";
import { type RestKey, type RestValues, restKeys, restValuesOf } from "./rest-settings.ts";

export interface PolicyEntry {
  /** As in the config file: `rest.successStatus`, `timeout.max`. */
  readonly key: string;
  /** `201`, `x-user-id → user_id`, `10 per 1s, burst 20`, `none`. */
  readonly value: string;
  /** `protogate.yaml:12:5`, `option in library.proto:42`, `service option in library.proto:12`, `profile google`. */
  readonly origin: string;
  /** Whether it is only what the profile says. */
  readonly byProfile: boolean;
}

export function policyEntry(key: RestKey, value: RestValues[RestKey], origin: string): PolicyEntry {
  return { key: `rest.${key}`, value: formatValue(value), origin, byProfile: false };
}

export function profileEntry(key: RestKey, value: RestValues[RestKey], profile: string): PolicyEntry {
  return { ...policyEntry(key, value, `profile ${profile}`), byProfile: true };
}

/** Where a profile differs from `standard`. */
export function profileEntries({ name, policy }: Pick<Dialect, "name" | "policy">): readonly PolicyEntry[] {
  const values = restValuesOf(policy);
  const standard = restValuesOf(dialects.standard.policy);
  return restKeys
    .filter((key) => formatValue(values[key]) !== formatValue(standard[key]))
    .map((key) => profileEntry(key, values[key], name));
}

function formatValue(value: RestValues[RestKey]): string {
  if (typeof value !== "object") return value === "" ? "none" : String(value);
  return value.length === 0 ? "none" : value.map(({ name, field }) => `${name} → ${field}`).join(", ");
}
