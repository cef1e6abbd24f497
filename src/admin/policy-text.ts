// One choice of a policy in a few words, for tables.
import type { PolicyEntryView } from "../gateway/route-table-view.ts";

/** `successStatus 201`, `emitDefaults`, `header x-user-id → user_id`: the group, and what a flag says by being there, left out. */
export function policyText({ key, value }: PolicyEntryView): string {
  const name = key.replace(/^rest\./, "");
  return value === "true" ? name : `${name} ${value}`;
}
