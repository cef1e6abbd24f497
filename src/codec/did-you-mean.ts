// The end of an error text for a name that nobody knows: the known name that was probably meant.
import { nearestName } from "../schema/nearest-name.ts";

/** Longer texts are no slip of the finger, and comparing costs length times length. */
const longestName = 64;

/** `, did you mean "title"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = name.length > longestName ? undefined : nearestName(name, known);
  return nearest === undefined ? "" : `, did you mean ${JSON.stringify(nearest)}?`;
}
