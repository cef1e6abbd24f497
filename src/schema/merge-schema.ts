// Merges what all sources say into one schema: one set of files, one registry, and which upstreams serve what.
// Pure: the same readings in the same order give the same schema. Never throws because of what is in a file.
import { createHash } from "node:crypto";
import { createFileRegistry, type FileRegistry, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { buildRegistry } from "./build-registry.ts";
import { type LinkedUnit, linkUnits } from "./link-units.ts";
import { filePlace, parseInput, type SchemaInput } from "./parse-input.ts";
import { type PlacedService, placeServices } from "./place-services.ts";
import type { Problem } from "./problem.ts";
import { createProblemList, type ProblemList } from "./problem-list.ts";
import { repairImports } from "./repair-imports.ts";
import { defaultSchemaLimits, type SchemaLimits } from "./schema-limits.ts";
import type { SchemaFile } from "./source.ts";
import { type SchemaUnit, unifyFiles } from "./unify-files.ts";

export interface MergedSchema {
  /** SHA-256 in hex over files and placements: equal digests, equal schemas. */
  readonly digest: string;
  /**
   * Every file after those it imports, every import present. Bytes are as their source gave them, unless the file had
   * to be repaired (imports that do not exist or are missing, relative type names, symbols that another file owns).
   */
  readonly files: readonly SchemaFile[];
  readonly registry: FileRegistry;
  /** In the order of the sources. */
  readonly services: readonly PlacedService[];
  /** Everything that was left out or decided on somebody's behalf; the rest serves. */
  readonly problems: readonly Problem[];
}

/**
 * Merges readings. Which declaration wins where two sources declare a name: our built-in well-known files, then
 * overlays, then upstreams in the given order. Equal declarations are one; different ones are a problem, and the later
 * source's services that use them are refused.
 * @param limits of each source; default: 10,000 files, 64 MiB, a million elements
 */
export function mergeSchema(
  inputs: readonly SchemaInput[],
  limits: SchemaLimits = defaultSchemaLimits,
): MergedSchema {
  const told = inputs.flatMap(({ reading }) => reading.problems ?? []);
  const unusable = new Set<string>();
  for (let round = 0; ; round++) {
    const problems = createProblemList();
    problems.addAll(told);
    const isUnusable = (bytes: Uint8Array): boolean => unusable.size > 0 && unusable.has(hashOf(bytes));
    const parsed = inputs.map((input) => parseInput(input, limits, problems, isUnusable));
    const unified = unifyFiles(parsed, problems);
    const { linked, refused, registry } = linkAndBuild(unified.units, problems);
    // A file that cannot be used has kept the names in it from sources that declare them soundly: once more without it.
    const inTheWay = unified.inputs.flatMap(({ conflicts }) =>
      [...conflicts.values()].flatMap(({ owner }) =>
        owner !== undefined && refused.has(owner) ? [owner] : [],
      ),
    );
    if (inTheWay.length > 0 && round < maxRounds) {
      for (const owner of inTheWay) {
        unusable.add(hashOf(owner.bytes));
        const message = "it uses types that are in no usable file; the file is left out";
        told.push({ place: filePlace(owner.name, owner.source), message });
      }
      continue;
    }
    const services = placeServices(unified.inputs, registry, problems);
    const files = linked.map(({ unit }) => ({
      name: unit.name,
      bytes: unit.changed ? toBinary(FileDescriptorProtoSchema, unit.proto) : unit.bytes,
    }));
    return { digest: digestOf(files, services), files, registry, services, problems: problems.toArray() };
  }
}

/** How often merging starts again without files that turned out to be unusable. */
const maxRounds = 3;

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

/** How many files of a source the library may refuse one by one before all of that source is left out. */
const maxCulprits = 3;

function linkAndBuild(
  units: readonly SchemaUnit[],
  problems: ProblemList,
): { linked: readonly LinkedUnit[]; refused: ReadonlySet<SchemaUnit>; registry: FileRegistry } {
  const excluded = new Set<SchemaUnit>();
  const culprits = new Map<string, number>();
  for (;;) {
    const { units: linked, refused } = linkUnits(units, excluded, problems);
    for (const unit of linked) repairImports(unit);
    const result = buildRegistry(linked.map(({ unit }) => unit.proto));
    if ("registry" in result) return { linked, refused, registry: result.registry };
    const culprit = linked[result.culprit]?.unit;
    if (culprit === undefined || culprit.rank === "builtin") {
      problems.add("schema", `no registry could be built: ${result.reason}`);
      return { linked: [], refused, registry: createFileRegistry() };
    }
    excluded.add(culprit);
    problems.add(filePlace(culprit.name, culprit.source), `${result.reason}; the file is left out`);
    const count = (culprits.get(culprit.source) ?? 0) + 1;
    culprits.set(culprit.source, count);
    if (count < maxCulprits) continue;
    for (const unit of units) if (unit.source === culprit.source) excluded.add(unit);
    problems.add(culprit.source, "too many of its files cannot be built; all of them are left out");
  }
}

function digestOf(files: readonly SchemaFile[], services: readonly PlacedService[]): string {
  const hash = createHash("sha256");
  // Lengths go in front, so that no two lists run into the same bytes.
  const put = (bytes: Uint8Array): void => {
    hash.update(`${bytes.byteLength}:`).update(bytes);
  };
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of sorted) {
    put(Buffer.from(name));
    put(bytes);
  }
  const placements = services.map(({ desc, upstreams }) => JSON.stringify([desc.typeName, ...upstreams]));
  for (const placement of placements.sort()) put(Buffer.from(placement));
  return hash.digest("hex");
}
