// The header and cookie bindings of one route, and what they make of one request: the first source that a request has
// for a field binds it, and what the path binds is nobody else's.
// Source: protos/protogate/v1/options.proto (RestPolicy.header, RestPolicy.cookie).
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { FieldSource } from "./field-binding.ts";
import { areRivals, type FieldPath, fieldPathKey, keysOverlap, writeNested } from "./field-path.ts";
import { addToTree, type FieldTree } from "./field-tree.ts";
import { shortenText } from "./quote-text.ts";
import type { BindingStep } from "./route.ts";

/** A source with what the request at hand has for it. */
export interface BoundSource {
  readonly source: FieldSource;
  readonly values: readonly string[];
}

export interface FieldBindings {
  /** The sources that bind a field of this request. */
  take(header: Header): readonly BoundSource[];
  explain(header: Header, writer: ProtobufWriter): BindingStep[];
}

/** Undefined where there is nothing to bind, so that most routes ask nothing. */
export function createFieldBindings(
  sources: readonly FieldSource[],
  pathFields: readonly FieldPath[],
): FieldBindings | undefined {
  if (sources.length === 0) return undefined;
  const pathKeys = pathFields.map(fieldPathKey);
  const ofPath = (source: FieldSource): boolean =>
    pathKeys.some((key) => keysOverlap(key, source.key)) ||
    pathFields.some((path) => areRivals(path, source.path));
  const free = sources.filter((source) => !ofPath(source));

  const take = (header: Header): BoundSource[] => {
    const bound: BoundSource[] = [];
    for (const source of free) {
      const values = source.values(header);
      if (values.length === 0 || takenBy(source, bound) !== undefined) continue;
      bound.push({ source, values });
    }
    return bound;
  };

  return {
    take,
    explain(header, writer) {
      const bound = take(header);
      const steps: BindingStep[] = [];
      for (const source of sources) {
        const values = source.values(header);
        if (values.length === 0) continue;
        const { from, name: key, field, type } = source;
        const step = { from, key, text: shortenText(values.join(", ")), field, type };
        const own = bound.find((other) => other.source === source);
        const winner = own === undefined ? takenBy(source, bound) : undefined;
        const reason = own === undefined ? undefined : write(own, writer);
        if (reason !== undefined) steps.push({ ...step, outcome: "refused", reason });
        else if (own !== undefined) steps.push({ ...step, outcome: "bound" });
        else {
          const by = winner === undefined ? "the path" : `the ${winner.from} ${winner.name}`;
          steps.push({ ...step, outcome: "ignored", reason: `${by} binds this field` });
        }
      }
      return steps;
    },
  };
}

/**
 * Appends the fields of the bound sources.
 * @throws RpcError INVALID_ARGUMENT naming header or cookie, and the expected type; never the value, which may be secret
 */
export function writeBoundSources(
  bound: readonly BoundSource[],
  writer: ProtobufWriter,
  nested: FieldTree,
): void {
  for (const entry of bound) {
    const reason = write(entry, writer);
    const { from, name, path } = entry.source;
    if (reason !== undefined) throw new RpcError(Code.INVALID_ARGUMENT, `${from} "${name}": ${reason}`);
    if (path.ancestors.length > 0) addToTree(nested, path.ancestors);
  }
}

/** The failure, or undefined where the values were appended. */
function write({ source, values }: BoundSource, writer: ProtobufWriter): string | undefined {
  const { path, text } = source;
  if (values.length > 1 && path.leaf.fieldKind !== "list") {
    return `given twice, and "${source.field}" is not repeated`;
  }
  for (const value of values) {
    if (!writeNested(writer, path.ancestors, text, value)) return `expected ${text.expected}`;
  }
  return undefined;
}

function takenBy(source: FieldSource, bound: readonly BoundSource[]): FieldSource | undefined {
  return bound.find(
    ({ source: other }) => keysOverlap(other.key, source.key) || areRivals(other.path, source.path),
  )?.source;
}
