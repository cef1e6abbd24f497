// Pages of a list: sizes, and tokens that fit only the question they were given for.
// Source: AIP-158.
import { createHash } from "node:crypto";
import { invalidArgument } from "./status-error.ts";

const defaultPageSize = 20;
const maxPageSize = 100;

export interface Page<T> {
  readonly items: readonly T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Cuts one page out of all items. `question` is whatever must stay the same between pages, in any stable form.
 * @throws StatusError INVALID_ARGUMENT for a negative size or a token that is not of this question
 */
export function pageOf<T>(
  items: readonly T[],
  request: { readonly pageSize: number; readonly pageToken: string },
  question: Uint8Array | string,
): Page<T> {
  if (request.pageSize < 0)
    throw invalidArgument({ field: "page_size", description: "must not be negative" });
  const size = request.pageSize === 0 ? defaultPageSize : Math.min(request.pageSize, maxPageSize);
  const digest = createHash("sha256").update(question).digest("hex").slice(0, 8);
  const start = request.pageToken === "" ? 0 : parseToken(request.pageToken, digest);
  const end = start + size;
  return {
    items: items.slice(start, end),
    nextPageToken: end < items.length ? Buffer.from(`${end}.${digest}`).toString("base64url") : "",
  };
}

function parseToken(token: string, digest: string): number {
  const [, offset, of] = /^(\d{1,6})\.([0-9a-f]{8})$/.exec(Buffer.from(token, "base64url").toString()) ?? [];
  if (offset === undefined)
    throw invalidArgument({ field: "page_token", description: "is not a page token" });
  if (of !== digest) {
    throw invalidArgument({ field: "page_token", description: "is of a list with other parameters" });
  }
  return Number(offset);
}
