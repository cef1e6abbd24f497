// Links the files of a schema: what each refers to, which cannot be used, in which order they build. A file whose types
// are in no file costs itself and the files that refer to it; an import that nothing in a file uses costs nothing.
import { connectedComponents } from "./components.ts";
import { declaredSymbols, declaredTypes } from "./declared-symbols.ts";
import { type LinkedType, linkFile } from "./link-file.ts";
import { filePlace } from "./parse-input.ts";
import type { ProblemList } from "./problem-list.ts";
import { shorten } from "./shorten.ts";
import { splitCycles } from "./split-cycles.ts";
import type { SchemaUnit } from "./unify-files.ts";

export interface LinkedUnit {
  readonly unit: SchemaUnit;
  /** Files that hold types it uses. */
  readonly refersTo: ReadonlySet<SchemaUnit>;
  /** Files it imports, as far as there are any. */
  readonly imports: ReadonlySet<SchemaUnit>;
}

export interface LinkedFiles {
  /** What a file needs comes before it. Built-in files are among them where another file needs them. */
  readonly units: readonly LinkedUnit[];
  /** Units that are not among them because they cannot be used. */
  readonly refused: ReadonlySet<SchemaUnit>;
}

/**
 * @param excluded units not to use, for reasons that have been told already
 * @param whole whether files may still be taken apart
 */
export function linkUnits(
  units: readonly SchemaUnit[],
  excluded: ReadonlySet<SchemaUnit>,
  problems: ProblemList,
  whole = true,
): LinkedFiles {
  const refused = new Set(excluded);
  const types = new Map<string, LinkedType<SchemaUnit>>();
  for (const unit of units) addTypes(unit, types);

  const references = new Map<SchemaUnit, ReadonlySet<SchemaUnit>>();
  for (const unit of units) {
    if (refused.has(unit)) continue;
    if (unit.rank === "builtin") {
      references.set(unit, importsOf(unit));
      continue;
    }
    const result = linkFile(unit.proto, unit, (name) => types.get(name));
    if ("refersTo" in result) references.set(unit, result.refersTo);
    else {
      refused.add(unit);
      problems.add(filePlace(unit.name, unit.source), `${result.reason}; the file is left out`);
    }
  }
  const refersTo = (unit: SchemaUnit): ReadonlySet<SchemaUnit> => references.get(unit) ?? new Set();

  const cycles = connectedComponents(references.keys(), refersTo).filter((group) => group.length > 1);
  // Files that were merged by package (proto-loader) can need each other, although what is in them does not.
  if (cycles.length > 0 && whole) {
    return linkUnits(splitCycles(units, cycles, types), excluded, problems, false);
  }
  for (const cycle of cycles) {
    const names = cycle.map((unit) => unit.name).sort();
    const reason = `the files ${names
      .slice(0, 5)
      .map((name) => shorten(name))
      .join(", ")} use each other's types in a circle`;
    for (const unit of cycle) {
      refused.add(unit);
      problems.add(filePlace(unit.name, unit.source), `${reason}; the file is left out`);
    }
  }
  refuseDependents(refused, references, problems);

  const usable = [...references.keys()].filter((unit) => !refused.has(unit));
  return { units: inBuildOrder(usable, refersTo), refused };
}

function addTypes(unit: SchemaUnit, types: Map<string, LinkedType<SchemaUnit>>): void {
  for (const symbol of declaredSymbols(unit.proto)) {
    for (const { name, ...type } of declaredTypes(symbol)) types.set(name, { ...type, file: unit });
  }
}

export function importsOf(unit: SchemaUnit): Set<SchemaUnit> {
  const imports = new Set<SchemaUnit>();
  for (const name of [...unit.proto.dependency, ...unit.proto.optionDependency]) {
    const imported = unit.resolveImport(name);
    if (imported !== undefined && imported !== unit) imports.add(imported);
  }
  return imports;
}

function refuseDependents(
  refused: Set<SchemaUnit>,
  references: ReadonlyMap<SchemaUnit, ReadonlySet<SchemaUnit>>,
  problems: ProblemList,
): void {
  const users = new Map<SchemaUnit, SchemaUnit[]>();
  for (const [unit, used] of references) {
    for (const one of used) {
      const list = users.get(one);
      if (list === undefined) users.set(one, [unit]);
      else list.push(unit);
    }
  }
  const queue = [...refused];
  for (let unit = queue.pop(); unit !== undefined; unit = queue.pop()) {
    for (const user of users.get(unit) ?? []) {
      if (refused.has(user)) continue;
      const reason = `it uses types of ${shorten(unit.name)}, which is left out`;
      refused.add(user);
      problems.add(filePlace(user.name, user.source), `${reason}; so is this file`);
      queue.push(user);
    }
  }
}

/** Imports order the files too, but only where they close no circle: types are what building needs. */
function inBuildOrder(
  usable: readonly SchemaUnit[],
  refersTo: (unit: SchemaUnit) => ReadonlySet<SchemaUnit>,
): LinkedUnit[] {
  const all = new Set(usable);
  const imports = new Map(usable.map((unit) => [unit, [...importsOf(unit)].filter((one) => all.has(one))]));
  const needs = (unit: SchemaUnit): SchemaUnit[] => [...refersTo(unit), ...(imports.get(unit) ?? [])];

  const needed = new Set<SchemaUnit>();
  const queue = usable.filter((unit) => unit.rank !== "builtin");
  for (let unit = queue.pop(); unit !== undefined; unit = queue.pop()) {
    if (needed.has(unit)) continue;
    needed.add(unit);
    for (const one of needs(unit)) queue.push(one);
  }
  return connectedComponents([...needed].sort(byName), needs).flatMap((group) => {
    // Inside a circle of imports only references count, and those have no circle any more.
    const circle = new Set(group.length > 1 ? group : []);
    const order = group.length > 1 ? connectedComponents(group, refersTo).flat() : group;
    return order.map((unit) => {
      const kept = imports.get(unit)?.filter((one) => !circle.has(one) || refersTo(unit).has(one));
      return { unit, refersTo: refersTo(unit), imports: new Set(kept) };
    });
  });
}

function byName(a: SchemaUnit, b: SchemaUnit): number {
  return a.name < b.name ? -1 : 1;
}
