// Makes one set of files out of those of all sources, top-level symbol by top-level symbol. A file is only a container:
// backends name the same file differently, different files the same, and merge files by package (proto-loader).
//
// A symbol has one owner: our built-in files first, then overlays, then upstreams in the given order; among files under
// google/{protobuf,api,rpc}/ the largest comes first, as newer versions of these only grow. A later declaration of the
// same symbol is dropped where it is equal, and is a conflict of its source where it is not.

import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { builtinFiles } from "./builtin-files.ts";
import { checkDeclarations } from "./check-declarations.ts";
import { type DeclaredSymbol, declaredSymbols, declaredTypes, keepSymbols } from "./declared-symbols.ts";
import { filePlace, type ParsedInput, type ParsedInputFile } from "./parse-input.ts";
import type { ProblemList } from "./problem-list.ts";
import { shorten } from "./shorten.ts";
import { symbolShape } from "./symbol-shape.ts";

/** A file of the merged schema. */
export interface SchemaUnit {
  /** Unique in the schema; a second file of the same name gets another one: `api~2.proto`. */
  readonly name: string;
  readonly proto: FileDescriptorProto;
  /** As its source gave it. */
  readonly bytes: Uint8Array;
  /** Whether `proto` says something else than `bytes`. */
  changed: boolean;
  readonly source: string;
  readonly rank: "builtin" | "overlay" | "upstream";
  /** The unit that this file means by an import; undefined where there is none. */
  readonly resolveImport: (name: string) => SchemaUnit | undefined;
}

/** An own declaration of a source that is not the one that serves, if any does. */
export interface SymbolConflict {
  readonly file: string;
  /** The file whose declaration serves; absent where the source's own declaration cannot be used. */
  readonly owner?: SchemaUnit;
}

export interface UnifiedInput {
  readonly input: ParsedInput;
  readonly conflicts: ReadonlyMap<string, SymbolConflict>;
}

export interface UnifiedFiles {
  /** Built-in files included; those that nothing needs are left out later. */
  readonly units: readonly SchemaUnit[];
  /** In the given order. */
  readonly inputs: readonly UnifiedInput[];
}

interface Owner {
  readonly unit: SchemaUnit;
  readonly symbol: DeclaredSymbol;
  wire?: Uint8Array;
  full?: Uint8Array;
}

export function unifyFiles(inputs: readonly ParsedInput[], problems: ProblemList): UnifiedFiles {
  const units = new Map<string, SchemaUnit>();
  /** Full names of all symbols and nested types. */
  const owners = new Map<string, Owner>();
  const globalImport = (name: string): SchemaUnit | undefined => units.get(name);

  const own = (unit: SchemaUnit, symbols: readonly DeclaredSymbol[]): void => {
    units.set(unit.name, unit);
    for (const symbol of symbols) {
      const owner: Owner = { unit, symbol };
      owners.set(symbol.name, owner);
      for (const type of declaredTypes(symbol)) owners.set(type.name, owner);
    }
  };

  for (const { name, bytes, desc } of builtinFiles()) {
    // The descriptors belong to a library: nothing built-in is ever rewritten.
    const base = { name, proto: desc.proto, bytes, changed: false, source: "protogate" };
    own({ ...base, rank: "builtin", resolveImport: globalImport }, declaredSymbols(desc.proto));
  }

  const unified = inputs.map((input) => {
    const byName = new Map<string, SchemaUnit>();
    return {
      input,
      conflicts: new Map<string, SymbolConflict>([...input.lost].map(([name, file]) => [name, { file }])),
      byName,
      resolveImport: (name: string) => byName.get(name) ?? units.get(name),
    };
  });

  for (const { file, index } of inOrderOfOwnership(inputs)) {
    const state = unified[index];
    if (state === undefined) continue;
    const { input, conflicts, byName, resolveImport } = state;
    const { proto, bytes } = file;
    const place = filePlace(proto.name, input.source);
    const sameName = units.get(proto.name);
    if (sameName !== undefined && Buffer.compare(sameName.bytes, bytes) === 0) {
      byName.set(proto.name, sameName);
      continue;
    }
    const symbols = declaredSymbols(proto);
    const twice = duplicateName(symbols);
    if (twice !== undefined) {
      problems.add(place, `${shorten(twice)} is declared twice in it; the file is left out`);
      continue;
    }
    const overlay = input.upstreams.length === 0;
    const { kept, conflicting, optionsDiffer } = compareSymbols(symbols, proto, overlay, owners);
    const [firstConflict] = conflicting;
    for (const { symbol, owner } of conflicting) {
      conflicts.set(symbol.name, { file: proto.name, owner: owner.unit });
    }
    if (firstConflict !== undefined) {
      const { source, name } = firstConflict.owner.unit;
      const names = listed(conflicting.map(({ symbol }) => symbol.name));
      problems.add(
        place,
        `${names} is declared differently by ${source} in ${shorten(name)}, which serves; services of ${input.source} that use it are refused`,
      );
    } else if (optionsDiffer !== undefined) {
      const { source, name } = optionsDiffer.unit;
      problems.add(place, `its options differ from those of ${source} in ${shorten(name)}, which apply`);
    }
    if (kept.length === 0 && (symbols.length > 0 || sameName !== undefined)) {
      // Whatever imports it finds the symbols where they are.
      if (sameName !== undefined) byName.set(proto.name, sameName);
      continue;
    }
    if (kept.length < symbols.length) keepSymbols(proto, kept);
    // A file that is no protobuf must not own names: another source may declare them soundly.
    const reason = checkDeclarations(proto);
    if (reason !== undefined) {
      for (const symbol of kept) conflicts.set(symbol.name, { file: proto.name });
      problems.add(place, `${reason}; the file is left out`);
      continue;
    }
    const name = freeName(proto.name, units);
    const changed = file.rewritten || kept.length < symbols.length || name !== proto.name;
    const rank = overlay ? "overlay" : "upstream";
    const unit: SchemaUnit = { name, proto, bytes, changed, source: input.source, rank, resolveImport };
    byName.set(proto.name, unit);
    proto.name = name;
    own(unit, kept);
  }
  return { units: [...units.values()], inputs: unified };
}

interface Comparison {
  /** Symbols that nobody has declared yet. */
  readonly kept: readonly DeclaredSymbol[];
  readonly conflicting: readonly { readonly symbol: DeclaredSymbol; readonly owner: Owner }[];
  /** An owner of an equal declaration with other options, if there is one. */
  readonly optionsDiffer?: Owner;
}

function compareSymbols(
  symbols: readonly DeclaredSymbol[],
  proto: FileDescriptorProto,
  overlay: boolean,
  owners: ReadonlyMap<string, Owner>,
): Comparison {
  const kept: DeclaredSymbol[] = [];
  const conflicting: { symbol: DeclaredSymbol; owner: Owner }[] = [];
  let optionsDiffer: Owner | undefined;
  for (const symbol of symbols) {
    const owner = ownerOf(symbol, owners);
    if (owner === undefined) {
      kept.push(symbol);
      continue;
    }
    const silent = owner.unit.rank === "builtin" || isGoogleFile(proto.name);
    if (silent || (owner.unit.rank === "overlay" && !overlay)) continue;
    const same = owner.symbol.name === symbol.name && sameShape(owner, proto, symbol, "wire");
    if (!same) conflicting.push({ symbol, owner });
    else if (!sameShape(owner, proto, symbol, "full")) optionsDiffer ??= owner;
  }
  return { kept, conflicting, ...(optionsDiffer !== undefined && { optionsDiffer }) };
}

/** Files whose versions only grow, so that copies that differ are versions and not a mistake. */
function isGoogleFile(name: string): boolean {
  return /^google\/(?:protobuf|api|rpc)\//.test(name);
}

function inOrderOfOwnership(inputs: readonly ParsedInput[]): { file: ParsedInputFile; index: number }[] {
  const entries = inputs.flatMap((input, index) => input.files.map((file) => ({ file, index, input })));
  const rank = ({ file, input }: (typeof entries)[number]): number => {
    if (input.upstreams.length === 0) return 0;
    return isGoogleFile(file.proto.name) ? 1 : 2;
  };
  // Sorting is stable: within a rank the order of the inputs stays.
  return entries.sort((a, b) => {
    const byRank = rank(a) - rank(b);
    return byRank !== 0 || rank(a) !== 1 ? byRank : b.file.objects - a.file.objects;
  });
}

/** Who has declared the symbol's name, or the name of a type inside it. */
function ownerOf(symbol: DeclaredSymbol, owners: ReadonlyMap<string, Owner>): Owner | undefined {
  const owner = owners.get(symbol.name);
  if (owner !== undefined) return owner;
  for (const type of declaredTypes(symbol)) {
    const inner = owners.get(type.name);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function duplicateName(symbols: readonly DeclaredSymbol[]): string | undefined {
  const seen = new Set<string>();
  for (const symbol of symbols) {
    const types = declaredTypes(symbol).map((type) => type.name);
    for (const name of types.length > 0 ? types : [symbol.name]) {
      if (seen.has(name)) return name;
      seen.add(name);
    }
  }
  return undefined;
}

function sameShape(
  owner: Owner,
  proto: FileDescriptorProto,
  symbol: DeclaredSymbol,
  depth: "wire" | "full",
): boolean {
  if (owner.symbol.kind !== symbol.kind) return false;
  owner[depth] ??= symbolShape(owner.unit.proto, owner.symbol, depth);
  return Buffer.compare(owner[depth], symbolShape(proto, symbol, depth)) === 0;
}

function freeName(name: string, units: ReadonlyMap<string, unknown>): string {
  const stem = name.replace(/\.proto$/, "");
  let free = name;
  for (let count = 2; units.has(free); count++) free = `${stem}~${count}.proto`;
  return free;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => shorten(name));
  return names.length > 3 ? `${shown.join(", ")} (and ${names.length - 3} more)` : shown.join(", ");
}
