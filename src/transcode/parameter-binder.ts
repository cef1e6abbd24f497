// One parameter of a query or a form to its field: whose field it is, whether it may be set (again), and its value.
// Source: semantics "Query parameters".
import { isUtf8 } from "node:buffer";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { BoundSource } from "./field-bindings.ts";
import { keysOverlap, writeNested } from "./field-path.ts";
import { addToTree, type FieldTree } from "./field-tree.ts";
import {
  createParameterTargets,
  oneofsOf,
  type ParameterScope,
  type ParameterTarget,
} from "./parameter-target.ts";
import { quoteText } from "./quote-text.ts";
import type { FormPart } from "./route.ts";

/** What became of a parameter. */
export type Outcome =
  | { readonly outcome: "bound"; readonly target: ParameterTarget }
  | { readonly outcome: "ignored" | "refused"; readonly target?: ParameterTarget; readonly reason: string };

/** What one query or form has set so far. */
export interface ParameterState {
  /** Keys of singular fields and map entries; with a dot behind, of well-known messages that were set field by field. */
  readonly set: Set<string>;
  /** The member set of each oneof, by the oneof's place. */
  readonly oneofs: Map<string, string>;
  /** Submessages that parameters have brought, each its own. */
  readonly nested: FieldTree;
  /** Headers and cookies that bind fields of this request. */
  readonly bound: readonly BoundSource[];
}

export interface ParameterBinder {
  /** @param bodyPresent whether the body's field counts as set, for its oneof */
  start(bodyPresent: boolean, nested: FieldTree, bound?: readonly BoundSource[]): ParameterState;
  /** Appends the field of a decoded parameter. */
  bind(key: string, text: string, state: ParameterState, writer: ProtobufWriter): Outcome;
  /** Appends the field of a part of a multipart form. */
  bindPart(part: FormPart, state: ParameterState, writer: ProtobufWriter): Outcome;
}

const noSources: readonly BoundSource[] = [];

export function createParameterBinder(scope: ParameterScope): ParameterBinder {
  const targets = createParameterTargets(scope);
  const unknown = scope.unknownFields === "refuse" ? "refused" : "ignored";

  const settle = (
    target: ParameterTarget | string,
    text: string,
    state: ParameterState,
    writer: ProtobufWriter,
  ): Outcome => {
    if (typeof target === "string") return { outcome: unknown, reason: target };
    if (target.owner === "path") return { outcome: "ignored", target, reason: "the path binds this field" };
    if (target.owner === "body") return { outcome: unknown, target, reason: "the body carries this field" };
    const binder = state.bound.length === 0 ? undefined : binderOf(target, state.bound);
    if (binder !== undefined) return { outcome: "ignored", target, reason: `the ${binder} binds this field` };
    const reason = target.misuse ?? claim(target, state) ?? write(target, text, writer);
    if (reason !== undefined) return { outcome: "refused", target, reason };
    if (target.ancestors.length > 0) addToTree(state.nested, target.ancestors);
    return { outcome: "bound", target };
  };

  return {
    start(bodyPresent, nested, bound = noSources) {
      const oneofs = new Map(targets.takenOneofs(bodyPresent));
      for (const { source } of bound) {
        const { ancestors, leaf } = source.path;
        for (const { place, member } of oneofsOf([...ancestors, leaf])) oneofs.set(place, member);
      }
      return { set: new Set(), oneofs, nested, bound };
    },
    bind: (key, text, state, writer) => settle(targets.resolve(key), text, state, writer),
    bindPart(part, state, writer) {
      const target = targets.resolve(part.name, part);
      // A file may be large: it is made a text only where its field is one.
      if (typeof target === "string" || target.raw || target.misuse !== undefined)
        return settle(target, "", state, writer);
      if (!isUtf8(part.bytes)) return { outcome: "refused", target, reason: "the part is not UTF-8 text" };
      return settle(target, new TextDecoder("utf-8", { ignoreBOM: true }).decode(part.bytes), state, writer);
    },
  };
}

/** `header x-tenant`, where one has bound the target's field already. */
function binderOf(target: ParameterTarget, bound: readonly BoundSource[]): string | undefined {
  const found = bound.find(({ source }) => keysOverlap(source.key, target.key))?.source;
  return found && `${found.from} ${found.name}`;
}

/** Takes the target's place in the message; the reason where it is taken already. */
function claim(target: ParameterTarget, state: ParameterState): string | undefined {
  for (const whole of target.wholes) {
    if (state.set.has(whole)) return "given twice, its message is set as a whole already";
    state.set.add(`${whole}.`);
  }
  if (!target.repeats) {
    if (state.set.has(`${target.key}.`)) return `given twice, fields of "${target.name}" are set already`;
    if (state.set.has(target.key)) {
      return target.mapKey === undefined
        ? `given twice, and "${target.name}" is not repeated`
        : "given twice for one key of a map";
    }
    state.set.add(target.key);
  }
  for (const { oneof, place, member } of target.oneofs) {
    const taken = state.oneofs.get(place);
    if (taken !== undefined && taken !== member) {
      return `"${taken}" is set already, and both are in the oneof "${oneof}"`;
    }
    state.oneofs.set(place, member);
  }
  return undefined;
}

function write(target: ParameterTarget, text: string, writer: ProtobufWriter): string | undefined {
  if (writeNested(writer, target.ancestors, target, text)) return undefined;
  return `expected ${target.expected}, got ${quoteText(text)}`;
}
