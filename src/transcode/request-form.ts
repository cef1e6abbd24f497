// A form as a request's body: urlencoded, which reads like a query, or the parts of a multipart form, which bind by name.
// Source: semantics "Body"; RFC 7578.
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { FieldTree } from "./field-tree.ts";
import { createParameterBinder, type ParameterBinder } from "./parameter-binder.ts";
import type { ParameterScope } from "./parameter-target.ts";
import { parameterRefusal, writeParameters } from "./query-parameters.ts";
import type { FormPart } from "./route.ts";

export interface FormReader {
  /** @throws RpcError INVALID_ARGUMENT naming the form field */
  writeText(body: Uint8Array, writer: ProtobufWriter, nested: FieldTree): void;
  /** @throws RpcError INVALID_ARGUMENT naming the form field */
  writeParts(parts: readonly FormPart[], writer: ProtobufWriter, nested: FieldTree): void;
}

/** The reader of forms whose keys begin at `scope.under`. Compiled when a first form comes: most routes see none. */
export function createFormReader(scope: ParameterScope): FormReader {
  let compiled: ParameterBinder | undefined;
  const binder = (): ParameterBinder => {
    compiled ??= createParameterBinder(scope);
    return compiled;
  };
  return {
    writeText(body, writer, nested) {
      // A form is ASCII; bytes beyond it are taken as UTF-8, as browsers send them.
      const text = new TextDecoder().decode(body);
      writeParameters(text, "form", binder(), binder().start(false, nested), writer);
    },
    writeParts(parts, writer, nested) {
      const state = binder().start(false, nested);
      for (const part of parts) {
        const outcome = binder().bindPart(part, state, writer);
        if (outcome.outcome === "refused") throw parameterRefusal("form", part.name, outcome.reason);
      }
    },
  };
}
