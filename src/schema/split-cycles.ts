// Takes files apart that use each other's types in a circle, so that each can be built after what it needs. Compilers
// never make such files, but proto-loader puts everything of a package into one.
import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { connectedComponents } from "./components.ts";
import { type DeclaredSymbol, declaredSymbols, keepSymbols } from "./declared-symbols.ts";
import type { LinkedType } from "./link-file.ts";
import type { SchemaUnit } from "./unify-files.ts";
import { walkFile } from "./walk-fields.ts";

/**
 * Replaces the files of the circles by parts. A symbol goes to the lowest level that is above all it needs in other
 * files; a part is what one file has on one level. Symbols that need each other across files stay on one level, and
 * linking refuses them.
 */
export function splitCycles(
  units: readonly SchemaUnit[],
  cycles: readonly (readonly SchemaUnit[])[],
  types: ReadonlyMap<string, LinkedType<SchemaUnit>>,
): SchemaUnit[] {
  const names = new Set(units.map((unit) => unit.name));
  const parts = new Map<SchemaUnit, SchemaUnit[]>();
  for (const cycle of cycles) {
    const levels = levelsOf(cycle, types);
    for (const unit of cycle) parts.set(unit, partsOf(unit, levels, names));
  }
  return units.flatMap((unit) => parts.get(unit) ?? [unit]);
}

function levelsOf(
  cycle: readonly SchemaUnit[],
  types: ReadonlyMap<string, LinkedType<SchemaUnit>>,
): ReadonlyMap<unknown, number> {
  const owners = new Map<DeclaredSymbol, SchemaUnit>();
  const symbols = new Map<string, DeclaredSymbol>();
  for (const unit of cycle) {
    for (const symbol of declaredSymbols(unit.proto)) {
      owners.set(symbol, unit);
      symbols.set(symbol.name, symbol);
    }
  }
  const inCycle = new Set(cycle);
  const needs = new Map<DeclaredSymbol, DeclaredSymbol[]>();
  for (const [symbol, unit] of owners) {
    const needed: DeclaredSymbol[] = [];
    for (const name of usedTypes(symbol, unit.proto.package)) {
      if (!inCycle.has(types.get(name)?.file ?? unit)) continue;
      const found = topSymbol(name, symbols);
      if (found !== undefined) needed.push(found);
    }
    needs.set(symbol, needed);
  }
  const levels = new Map<DeclaredSymbol, number>();
  for (const group of connectedComponents(owners.keys(), (symbol) => needs.get(symbol) ?? [])) {
    let level = 0;
    for (const symbol of group) {
      for (const needed of needs.get(symbol) ?? []) {
        const step = owners.get(needed) === owners.get(symbol) ? 0 : 1;
        level = Math.max(level, (levels.get(needed) ?? 0) + step);
      }
    }
    for (const symbol of group) levels.set(symbol, level);
  }
  return new Map([...levels].map(([symbol, level]) => [symbol.declaration, level]));
}

/** The symbol that a type is, or is inside of. */
function topSymbol(name: string, symbols: ReadonlyMap<string, DeclaredSymbol>): DeclaredSymbol | undefined {
  for (let outer = name; outer !== ""; outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")))) {
    const symbol = symbols.get(outer);
    if (symbol !== undefined) return symbol;
  }
  return undefined;
}

/** Full names of the types that a symbol uses. */
function usedTypes(symbol: DeclaredSymbol, pkg: string): ReadonlySet<string> {
  const file = create(FileDescriptorProtoSchema, { package: pkg });
  if (symbol.kind === "message") file.messageType = [symbol.declaration];
  else if (symbol.kind === "service") file.service = [symbol.declaration];
  else if (symbol.kind === "extension") file.extension = [symbol.declaration];
  const used = new Set<string>();
  walkFile(file, {
    field: (field) => {
      used.add(field.typeName.slice(1)).add(field.extendee.slice(1));
    },
    method: (method) => {
      used.add(method.inputType.slice(1)).add(method.outputType.slice(1));
    },
  });
  return used;
}

function partsOf(unit: SchemaUnit, levels: ReadonlyMap<unknown, number>, names: Set<string>): SchemaUnit[] {
  const byLevel = new Map<number, DeclaredSymbol[]>();
  for (const symbol of declaredSymbols(unit.proto)) {
    const level = levels.get(symbol.declaration) ?? 0;
    const list = byLevel.get(level);
    if (list === undefined) byLevel.set(level, [symbol]);
    else list.push(symbol);
  }
  const sorted = [...byLevel].sort(([a], [b]) => a - b);
  return sorted.map(([, symbols], index) => {
    // The last part keeps the name: it is the one with what others were made for, services.
    const name = index === sorted.length - 1 ? unit.name : freePartName(unit.name, names);
    const proto = Object.assign(create(FileDescriptorProtoSchema), unit.proto, { name });
    keepSymbols(proto, symbols);
    return { ...unit, name, proto, changed: true };
  });
}

function freePartName(name: string, names: Set<string>): string {
  const stem = name.replace(/\.proto$/, "");
  let count = 2;
  while (names.has(`${stem}~${count}.proto`)) count++;
  const free = `${stem}~${count}.proto`;
  names.add(free);
  return free;
}
