// Reads `Accept` and picks the best of what can be offered. Total: a malformed entry is skipped, never an error.
// Source: RFC 9110 §12.5.1 (media ranges, most specific range decides the weight) and §12.4.2 (weights).
import type { Header } from "../rpc/header.ts";

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  /** `name=value`, lower case, without `q`. */
  readonly parameters: readonly string[];
  readonly weight: number;
}

/** More entries than any real client sends; what follows is not looked at. */
const maxRangeCount = 64;

/** The `Accept` of a request, several of them joined as RFC 9110 §5.3 says; undefined where there is none. */
export function acceptOf(header: Header): string | undefined {
  const { flat } = header;
  let accept: string | undefined;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] === "accept") accept = accept === undefined ? flat[i + 1] : `${accept},${flat[i + 1]}`;
  }
  return accept;
}

/**
 * The offer that the client likes best; the first one on a tie, so offers stand in the server's order of preference.
 *
 * @param accept the `Accept` value, absent or empty = anything
 * @param offers media types without parameters, lower case
 * @returns undefined when the client accepts none of them
 */
export function negotiateMediaType<T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | undefined {
  if (accept === undefined || accept.trim() === "" || accept.trim() === "*/*") return offers[0];
  const ranges = parseAccept(accept);
  if (ranges.length === 0) return offers[0];
  let best: T | undefined;
  let bestWeight = 0;
  for (const offer of offers) {
    let weight = 0;
    let exactness = 0;
    for (const range of ranges) {
      const found = specificity(range, offer);
      if (found > exactness) {
        exactness = found;
        weight = range.weight;
      }
    }
    if (weight > bestWeight) {
      bestWeight = weight;
      best = offer;
    }
  }
  return best;
}

/** Whether `Accept` names a media type itself, not by a wider range, and does not exclude it. */
export function acceptsByName(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return false;
  return parseAccept(accept).some((range) => range.weight > 0 && specificity(range, mediaType) === 3);
}

/** Whether some range of `Accept` that names `mediaType` carries a parameter, such as `pretty=true`. */
export function acceptsParameter(accept: string | undefined, mediaType: string, parameter: string): boolean {
  if (accept === undefined || !accept.includes(";")) return false;
  return parseAccept(accept).some(
    (range) => specificity(range, mediaType) === 3 && range.parameters.includes(parameter),
  );
}

/** The media type of a Content-Type value, lower case, without parameters; empty where there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return "";
  const semicolon = contentType.indexOf(";");
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

function parseAccept(accept: string): MediaRange[] {
  const ranges: MediaRange[] = [];
  for (const text of accept.split(",", maxRangeCount)) {
    const range = parseRange(text);
    if (range !== undefined) ranges.push(range);
  }
  return ranges;
}

function parseRange(text: string): MediaRange | undefined {
  const [range = "", ...rest] = text.split(";").map((part) => part.trim().toLowerCase());
  const slash = range.indexOf("/");
  if (slash <= 0 || slash === range.length - 1) return undefined;
  const weightText = rest.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
  const weight = weightText === undefined ? 1 : Number(weightText);
  if (!(weight >= 0 && weight <= 1)) return undefined;
  return {
    type: range.slice(0, slash),
    subtype: range.slice(slash + 1),
    parameters: rest.filter((parameter) => parameter !== "" && !/^q\s*=/.test(parameter)),
    weight,
  };
}

/** How exactly a range names an offer: 0 not at all, 1 `*``/*`, 2 `type/*`, 3 the type itself. */
function specificity(range: MediaRange, offer: string): number {
  if (range.type === "*") return range.subtype === "*" ? 1 : 0;
  const slash = offer.indexOf("/");
  if (range.type !== offer.slice(0, slash)) return 0;
  if (range.subtype === "*") return 2;
  return range.subtype === offer.slice(slash + 1) ? 3 : 0;
}
