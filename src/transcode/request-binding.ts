// Path, query and body as one binary request message: what the body says first, then the query, then the path, since
// of two values for one field the later counts.
// Source: google/api/http.proto ("Rules for HTTP mapping"); https://protobuf.dev/programming-guides/encoding/#last-one-wins
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";
import { addToTree, dropFields, type FieldTree, joinSubmessages } from "./field-tree.ts";
import type { ParameterBinder } from "./parameter-binder.ts";
import type { PathVariables } from "./path-variables.ts";
import { explainQuery, writeParameters } from "./query-parameters.ts";
import { shortenText } from "./quote-text.ts";
import { bodyFormat, type RequestBody } from "./request-body.ts";
import type { BindingStep, RequestParts } from "./route.ts";
import type { UpdateMask } from "./update-mask.ts";

export interface RequestBinding {
  /** See `Route.bind`. */
  bind(parts: RequestParts): Uint8Array;
  /** See `Route.bindBody`. */
  bindBody(body: Uint8Array, contentType: string): Uint8Array;
  /** See `Route.explainBinding`. */
  explain(parts: RequestParts): readonly BindingStep[];
}

/** Binding is synchronous and never binds within itself, so one buffer serves all routes. */
const writer = new ProtobufWriter();

export interface RequestBindingOptions {
  /** The rule's body: empty, `*`, or a field. */
  readonly bodyName: string;
  readonly body: RequestBody;
  readonly query: ParameterBinder;
  readonly path: PathVariables;
  /** Absent where masks stay as they come. */
  readonly updateMask?: UpdateMask | undefined;
}

export function createRequestBinding(options: RequestBindingOptions): RequestBinding {
  const { bodyName, body, query, path, updateMask } = options;
  const nestedPath: FieldTree = new Map();
  for (const { ancestors } of path.fields) addToTree(nestedPath, ancestors);

  const explainBody = ({ body: bytes, contentType }: RequestParts): BindingStep | undefined => {
    if (bytes.length === 0) return undefined;
    const step = {
      from: "body",
      key: bodyName,
      text: shortenText(new TextDecoder().decode(bytes.subarray(0, 200))),
      ...(body.field && { field: body.field.name }),
      ...(body.type !== "" && { type: body.type }),
    } as const;
    try {
      writer.reset();
      body.write(bytes, contentType, writer, new Map());
    } catch (reason) {
      return { ...step, outcome: "refused", reason: RpcError.from(reason).rawMessage };
    }
    if (bodyName !== "") return { ...step, outcome: "bound" };
    return { ...step, outcome: "ignored", reason: "the rule has no body" };
  };

  return {
    bind({ captures, query: queryText, body: bytes, contentType }) {
      const nested: FieldTree = new Map();
      writer.reset();
      body.write(bytes, contentType, writer, nested);
      const bodyPresent = writer.pos > 0;
      if (bodyPresent && path.dropped.size > 0) {
        const kept = dropFields(writer.finish(), path.dropped);
        writer.reset();
        writer.raw(kept);
      }
      if (queryText !== "") {
        writeParameters(queryText, "query", query, query.start(bodyPresent, nested), writer);
      }
      path.write(captures, writer);
      if (updateMask !== undefined && bodyFormat(contentType) === "json") updateMask.fill(bytes, writer);
      if (nested.size === 0 && nestedPath.size === 0) return writer.finish();
      for (const { ancestors } of path.fields) addToTree(nested, ancestors);
      return joinSubmessages(writer.bytes.subarray(0, writer.pos), nested);
    },
    bindBody(bytes, contentType) {
      const nested: FieldTree = new Map();
      writer.reset();
      body.write(bytes, contentType, writer, nested);
      return nested.size === 0 ? writer.finish() : joinSubmessages(writer.finish(), nested);
    },
    explain(parts) {
      writer.reset();
      const steps = path.explain(parts.captures, writer);
      const state = query.start(parts.body.length > 0, new Map());
      steps.push(...explainQuery(parts.query, query, state, writer));
      const bodyStep = explainBody(parts);
      if (bodyStep !== undefined) steps.push(bodyStep);
      return steps;
    },
  };
}
