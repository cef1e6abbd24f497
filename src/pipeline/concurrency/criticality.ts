// How much a call matters, where not all can be served: what goes first when load is shed. The names are those of
// Google's SRE book, chapter "Handling Overload"; the header is ours, since neither gRPC nor Envoy nor Finagle has an
// agreed one, and RFC 9218's `priority` is about the order of responses on one connection.
import type { Call } from "../../rpc/call.ts";

/** From the first to go to the last. A call that says nothing is `critical`. */
export const criticalityNames = [
  "sheddable",
  "sheddable-plus",
  "critical",
  "critical-plus",
  "health",
] as const;

/** Index into `criticalityNames`. */
export type Criticality = 0 | 1 | 2 | 3 | 4;

/** Passed on to the backend like any header, so that what it calls sheds the same calls first. */
const criticalityHeader = "x-criticality";

const critical: Criticality = 2;
const health: Criticality = 4;

/** `health` is no value: it is what a call of a health service has, and nobody can claim it. */
const byText: ReadonlyMap<string, Criticality> = new Map<string, Criticality>([
  ["sheddable", 0],
  ["sheddable-plus", 1],
  ["critical", critical],
  ["critical-plus", 3],
]);

/** Longer than any value; what is longer is not copied to be compared. */
const maxLength = 32;

/**
 * What a call says of itself: `x-criticality: sheddable`, in any case, `_` as good as `-`. A value that nobody knows
 * counts for nothing. Of several the least critical counts, so that nothing is won by saying it twice.
 */
export function readCriticality(call: Call): Criticality {
  if (call.method.service === "grpc.health.v1.Health") return health;
  let least: Criticality | undefined;
  const { flat } = call.header;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] !== criticalityHeader) continue;
    for (const text of (flat[i + 1] ?? "").slice(0, 8 * maxLength).split(",")) {
      const value = parseCriticality(text);
      if (value !== undefined && (least === undefined || value < least)) least = value;
    }
  }
  return least ?? critical;
}

function parseCriticality(text: string): Criticality | undefined {
  const trimmed = text.trim();
  if (trimmed.length > maxLength) return undefined;
  return byText.get(trimmed.toLowerCase().replaceAll("_", "-"));
}

/** Shares of the places that a call may take: the last of them are kept for those that matter more. */
const shares: readonly number[] = [0.8, 0.9, 1, 1, 1];

/** How many of `limit` places may be taken when a call of this criticality asks for one more; at least one. */
export function placesFor(criticality: Criticality, limit: number): number {
  return Math.max(1, Math.ceil(limit * (shares[criticality] as number)));
}

/** Below this many places taken, nobody has to ask how critical a call is. */
export function placesForAll(limit: number): number {
  return placesFor(0, limit);
}
