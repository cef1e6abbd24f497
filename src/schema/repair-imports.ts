// Makes the import list of a file say what is true in the merged schema: imports that no source has are dropped,
// renamed files are followed, files whose types are used without an import are added. Clients that read our
// reflection need that; a file whose list is right already keeps its bytes.
// Source: google/protobuf/descriptor.proto, FileDescriptorProto.dependency, public_dependency, weak_dependency
import type { LinkedUnit } from "./link-units.ts";
import type { SchemaUnit } from "./unify-files.ts";

/** Rewrites the import list of a file in place where it has to change, and marks the unit as changed. */
export function repairImports({ unit, refersTo, imports }: LinkedUnit): void {
  if (unit.rank === "builtin") return;
  const { proto } = unit;
  const dependency: string[] = [];
  const publicDependency: number[] = [];
  const weakDependency: number[] = [];
  const [isPublic, isWeak] = [new Set(proto.publicDependency), new Set(proto.weakDependency)];
  const listed = new Set<SchemaUnit>();
  proto.dependency.forEach((name, index) => {
    const imported = unit.resolveImport(name);
    if (imported === undefined || !imports.has(imported) || listed.has(imported)) return;
    listed.add(imported);
    if (isPublic.has(index)) publicDependency.push(dependency.length);
    if (isWeak.has(index)) weakDependency.push(dependency.length);
    dependency.push(imported.name);
  });
  const missing = [...refersTo].filter((used) => !listed.has(used));
  if (missing.length > 0) {
    const visible = publiclyVisible(listed);
    dependency.push(...missing.flatMap((used) => (visible.has(used) ? [] : [used.name])).sort());
  }
  const optionDependency = proto.optionDependency.flatMap((name) => {
    const imported = unit.resolveImport(name);
    return imported !== undefined && imports.has(imported) ? [imported.name] : [];
  });
  if (sameNames(dependency, proto.dependency) && sameNames(optionDependency, proto.optionDependency)) return;
  unit.changed = true;
  Object.assign(proto, { dependency, publicDependency, weakDependency, optionDependency });
}

/** Bounds the walk; beyond it an import is spelled out that might not have to be. */
const maxVisible = 1_000;

/** The files and what they import publicly, through any number of files. */
function publiclyVisible(files: ReadonlySet<SchemaUnit>): ReadonlySet<SchemaUnit> {
  const visible = new Set(files);
  for (const unit of visible) {
    if (visible.size > maxVisible) break;
    for (const index of unit.proto.publicDependency) {
      const imported = unit.resolveImport(unit.proto.dependency[index] ?? "");
      if (imported !== undefined) visible.add(imported);
    }
  }
  return visible;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
