// Path, query, header, cookies and body as one binary request message: what the body says first, then the query, bound
// headers and cookies, and the path, since of two values for one field the later counts.
// Source: google/api/http.proto ("Rules for HTTP mapping"); https://protobuf.dev/programming-guides/encoding/#last-one-wins
import { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import { type BodySteps, explainBody } from "./explain-body.ts";
import { type BoundSource, type FieldBindings, writeBoundSources } from "./field-bindings.ts";
import { addToTree, dropFields, type FieldTree, joinSubmessages } from "./field-tree.ts";
import type { ParameterBinder } from "./parameter-binder.ts";
import type { PathVariables } from "./path-variables.ts";
import { explainQuery, writeParameters } from "./query-parameters.ts";
import { bodyFormat } from "./request-body.ts";
import type { BindingStep, FormPart, RequestParts, Route } from "./route.ts";
import { explainSystemParameters } from "./system-parameters.ts";
import type { UpdateMask } from "./update-mask.ts";

export interface RequestBinding extends Pick<Route, "bind" | "bindBody" | "bindForm"> {
  /** See `Route.explainBinding`. */
  explain(parts: RequestParts): readonly BindingStep[];
}

/** Binding is synchronous and never binds within itself, so one buffer serves all routes. */
const writer = new ProtobufWriter();

const noBytes = new Uint8Array(0);

export interface RequestBindingOptions extends BodySteps {
  readonly query: ParameterBinder;
  readonly path: PathVariables;
  /** Absent where no header and no cookie binds anything. */
  readonly sources: FieldBindings | undefined;
  /** Absent where masks stay as they come. */
  readonly updateMask: UpdateMask | undefined;
  readonly dialect: Dialect;
  /** See `Route.ownParameters`. */
  readonly ownParameters: ReadonlySet<string>;
}

export function createRequestBinding(options: RequestBindingOptions): RequestBinding {
  const { body, query, path, sources, updateMask, dialect, ownParameters } = options;
  const nestedPath: FieldTree = new Map();
  for (const { ancestors } of path.fields) addToTree(nestedPath, ancestors);

  const bindAll = (
    parts: Omit<RequestParts, "body">,
    bytes: Uint8Array,
    form: readonly FormPart[] | undefined,
  ): Uint8Array => {
    const bound = sources?.take(parts.header);
    const nested: FieldTree = new Map();
    writer.reset();
    if (form === undefined) body.write(bytes, parts.contentType, writer, nested);
    else body.writeForm(form, writer, nested);
    const bodyPresent = writer.pos > 0;
    if (bodyPresent) dropReplaced(bound === undefined ? path.dropped : replacedBy(path.dropped, bound));
    const end = writer.pos;
    if (parts.query !== "") {
      writeParameters(parts.query, "query", query, query.start(bodyPresent, nested, bound), writer);
    }
    if (bound !== undefined) writeBoundSources(bound, writer, nested);
    path.write(parts.captures, writer);
    if (updateMask !== undefined) {
      const json = form === undefined ? jsonOf(bytes, parts.contentType) : undefined;
      updateMask.fill({ json, end }, writer);
    }
    if (nested.size === 0 && nestedPath.size === 0) return writer.finish();
    for (const { ancestors } of path.fields) addToTree(nested, ancestors);
    return joinSubmessages(writer.bytes.subarray(0, writer.pos), nested);
  };

  const finishBody = (nested: FieldTree): Uint8Array =>
    nested.size === 0 ? writer.finish() : joinSubmessages(writer.finish(), nested);

  return {
    bind: (parts) => bindAll(parts, parts.body, undefined),
    bindBody(bytes, contentType) {
      const nested: FieldTree = new Map();
      writer.reset();
      body.write(bytes, contentType, writer, nested);
      return finishBody(nested);
    },
    bindForm(form, parts) {
      if (parts !== undefined) return bindAll(parts, noBytes, form);
      const nested: FieldTree = new Map();
      writer.reset();
      body.writeForm(form, writer, nested);
      return finishBody(nested);
    },
    explain(parts) {
      writer.reset();
      const system = explainSystemParameters(parts.query, dialect, ownParameters, parts.header);
      const state = query.start(parts.body.length > 0, new Map(), sources?.take(parts.header));
      const steps = [
        ...path.explain(parts.captures, writer),
        ...(sources?.explain(parts.header, writer) ?? []),
        ...system.steps,
        ...explainQuery(system.query, query, state, writer),
      ];
      const bodySteps = explainBody(options, parts, writer);
      steps.push(...bodySteps);
      if (updateMask !== undefined && bodySteps[0]?.outcome === "bound") {
        const read = { json: jsonOf(parts.body, parts.contentType), end: writer.pos };
        steps.push(...updateMask.explain(read, writer, steps));
      }
      return steps;
    },
  };
}

/** The body, where it was read as JSON. */
function jsonOf(body: Uint8Array, contentType: string): Uint8Array | undefined {
  return bodyFormat(contentType) === "json" ? body : undefined;
}

/** Takes out of the body what the path, a header or a cookie says in its place. */
function dropReplaced(dropped: FieldTree): void {
  if (dropped.size === 0) return;
  const kept = dropFields(writer.finish(), dropped);
  writer.reset();
  writer.raw(kept);
}

function replacedBy(dropped: FieldTree, bound: readonly BoundSource[]): FieldTree {
  const all = copyTree(dropped);
  for (const { source } of bound) for (const fields of source.replaced) addToTree(all, fields);
  return all;
}

function copyTree(tree: FieldTree): FieldTree {
  const copy: FieldTree = new Map();
  for (const [number, branch] of tree) copy.set(number, copyTree(branch));
  return copy;
}
