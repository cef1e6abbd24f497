// What a client is told of the limits that it is under, as the structured fields of the IETF draft:
// `ratelimit-policy: "1";q=10;w=1` and `ratelimit: "1";r=9;t=1`.
// Sources: draft-ietf-httpapi-ratelimit-headers-11 (q, qu, w, r, t); RFC 9651 §3.1, §3.3.1 (integers of 15 digits).
import type { Header } from "../../rpc/header.ts";
import type { Verdict } from "../../store/limit-store.ts";
import type { RateLimit } from "../flow-policy.ts";

const policyName = "ratelimit-policy";
const stateName = "ratelimit";
const maxInteger = 999_999_999_999_999;

/** One limit's name and quota. `w` is whole seconds: a limit of half a second goes without. */
export function formatPolicy({ name, requests, perMs, cost }: RateLimit): string {
  const unit = cost === "byte" ? ';qu="content-bytes"' : "";
  const window = perMs % 1000 === 0 ? `;w=${integer(perMs / 1000)}` : "";
  return `${formatName(name)};q=${integer(requests)}${unit}${window}`;
}

/**
 * What is left of one limit, and for how long: of one that is used up until the call would be admitted, as `Retry-After`
 * says too, else until nothing of it is used.
 */
export function formatState(name: string, { allowed, remaining, retryAfterMs, resetMs }: Verdict): string {
  const waitMs = allowed || retryAfterMs === Number.POSITIVE_INFINITY ? resetMs : retryAfterMs;
  return `${formatName(name)};r=${integer(remaining)};t=${integer(Math.ceil(waitMs / 1000))}`;
}

/** The entries, flat as in a `Header`. */
export function rateLimitEntries(policies: string, states: string): string[] {
  return states === "" ? [policyName, policies] : [policyName, policies, stateName, states];
}

/** Appends them to a header, which is returned: they are the gateway's word, not the backend's. */
export function appendEntries(header: Header, entries: readonly string[]): Header {
  for (let i = 0; i < entries.length; i += 2)
    header.appendOwn(entries[i] as string, entries[i + 1] as string);
  return header;
}

function formatName(name: string): string {
  return `"${name}"`;
}

function integer(value: number): number {
  return Math.floor(Math.min(Math.max(value, 0), maxInteger));
}
