// What is known of one schema source: its last good reading, and whether a later read has failed.
import { createHash } from "node:crypto";
import type { Problem } from "../schema/problem.ts";
import type { SchemaReading, SchemaSource, SourceEvent } from "../schema/source.ts";

export interface SourceState {
  readonly source: SchemaSource;
  readonly reading?: SchemaReading;
  /** SHA-256 of the reading, hex; empty without one. */
  readonly digest: string;
  /** When it was last read well, milliseconds since the epoch. */
  readonly readAtMs?: number;
  /** Of the last read. Not empty beside a reading = the reading is stale. */
  readonly problems: readonly Problem[];
  /** Whether any read has ended, well or not. */
  readonly tried: boolean;
}

export function initialState(source: SchemaSource): SourceState {
  return { source, digest: "", problems: [], tried: false };
}

/** The state after an event. A failure keeps the last good reading. */
export function nextState(state: SourceState, event: SourceEvent): SourceState {
  if (event.kind === "failure") return { ...state, problems: event.problems, tried: true };
  return {
    source: state.source,
    reading: event.reading,
    digest: digestOf(event.reading),
    readAtMs: Date.now(),
    problems: [],
    tried: true,
  };
}

/** Depends on content only, not on the order of the files; what could not be read is a part of it. */
function digestOf({ files, services, problems = [] }: SchemaReading): string {
  const hash = createHash("sha256");
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of sorted) hash.update(`${name.length}:${name}:${bytes.length}:`).update(bytes);
  const told = problems.map(({ place, message }) => [place, message]);
  hash.update(JSON.stringify([services === undefined ? null : [...services].sort(), told]));
  return hash.digest("hex");
}
