// Which upstreams serve which service. A service of a source is refused where it uses a declaration of which another
// source's version serves: its messages would be read wrongly.
import type { DescMessage, DescService, FileRegistry } from "@bufbuild/protobuf";
import type { ProblemList } from "./problem-list.ts";
import { shorten } from "./shorten.ts";
import type { SymbolConflict, UnifiedInput } from "./unify-files.ts";

export interface PlacedService {
  readonly desc: DescService;
  /** Names of the upstreams that serve it, in the order of the sources. Never empty. */
  readonly upstreams: readonly string[];
  /** Names of the sources that offer it. */
  readonly sources: readonly string[];
}

export function placeServices(
  inputs: readonly UnifiedInput[],
  registry: FileRegistry,
  problems: ProblemList,
): readonly PlacedService[] {
  const places = new Map<string, { desc: DescService; upstreams: Set<string>; sources: Set<string> }>();
  for (const { input, conflicts } of inputs) {
    if (input.upstreams.length === 0) continue;
    const tainted = conflicts.size === 0 ? undefined : taintedServices(registry, conflicts);
    for (const name of input.offered) {
      const desc = registry.getService(name);
      if (desc === undefined) {
        problems.add(input.source, `offers ${shorten(name)}, of which there is no usable descriptor`);
        continue;
      }
      const symbol = tainted?.get(name);
      const conflict = symbol === undefined ? undefined : conflicts.get(symbol);
      if (symbol !== undefined && conflict !== undefined) {
        const { file, owner } = conflict;
        const why =
          owner === undefined ? "which cannot be used" : `which ${owner.source} declares differently`;
        problems.add(input.source, `${name} is refused: it uses ${symbol} of ${shorten(file)}, ${why}`);
        continue;
      }
      const place = places.get(name) ?? { desc, upstreams: new Set(), sources: new Set() };
      for (const upstream of input.upstreams) place.upstreams.add(upstream);
      place.sources.add(input.source);
      places.set(name, place);
    }
  }
  return [...places.values()].map(({ desc, upstreams, sources }) => ({
    desc,
    upstreams: [...upstreams],
    sources: [...sources],
  }));
}

/** Services that use one of the symbols, at any depth, each with the symbol it uses. */
function taintedServices(
  registry: FileRegistry,
  conflicts: ReadonlyMap<string, SymbolConflict>,
): ReadonlyMap<string, string> {
  const users = new Map<string, DescMessage[]>();
  const services = new Map<string, DescService[]>();
  const tainted = new Map<string, string>();
  const addTo = <T>(map: Map<string, T[]>, key: string, item: T): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [item]);
    else list.push(item);
  };
  const queue: { typeName: string; symbol: string }[] = [];
  for (const type of registry) {
    if (type.kind === "service") {
      if (conflicts.has(type.typeName)) tainted.set(type.typeName, type.typeName);
      for (const { input, output } of type.methods) {
        addTo(services, input.typeName, type);
        addTo(services, output.typeName, type);
      }
      continue;
    }
    if (type.kind === "message") {
      for (const field of type.fields) {
        const used = field.message ?? field.enum;
        if (used !== undefined && used !== null) addTo(users, used.typeName, type);
      }
    }
    const symbol = topLevelName(type);
    if (conflicts.has(symbol)) queue.push({ typeName: type.typeName, symbol });
  }
  const seen = new Set<string>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { typeName, symbol } = next;
    if (seen.has(typeName)) continue;
    seen.add(typeName);
    for (const service of services.get(typeName) ?? []) {
      if (!tainted.has(service.typeName)) tainted.set(service.typeName, symbol);
    }
    for (const user of users.get(typeName) ?? []) queue.push({ typeName: user.typeName, symbol });
  }
  return tainted;
}

/** Conflicts are told by top-level symbol: `demo.Book` for `demo.Book.Chapter`. */
function topLevelName(type: { readonly typeName: string; readonly kind: string }): string {
  let top: unknown = type;
  while (isNested(top)) top = top.parent;
  return (top as { readonly typeName: string }).typeName;
}

function isNested(type: unknown): type is { readonly parent: DescMessage } {
  return typeof type === "object" && type !== null && "parent" in type && type.parent !== undefined;
}
