// Problems as they are found, bounded: a backend can be wrong in a million places, people read the first hundred.
import type { Problem } from "./problem.ts";

export interface ProblemList {
  /** Adds a problem once: the same place with the same message is not listed twice. */
  add(place: string, message: string): void;
  addAll(problems: readonly Problem[]): void;
  /** What was added, at most the limit, and then one that says how many more there were. */
  toArray(): readonly Problem[];
}

export function createProblemList(limit = 100): ProblemList {
  const kept: Problem[] = [];
  let more = 0;
  const seen = new Set<string>();
  const add = (place: string, message: string): void => {
    const key = `${place}\n${message}`;
    if (seen.has(key)) return;
    if (kept.length < limit) seen.add(key);
    if (kept.length < limit) kept.push({ place, message });
    else more++;
  };
  return {
    add,
    addAll(problems) {
      for (const { place, message } of problems) add(place, message);
    },
    toArray() {
      if (more === 0) return kept;
      return [...kept, { place: "schema", message: `${more} more problems are not listed` }];
    },
  };
}
