// A form as a request's body: urlencoded, which reads like a query, or multipart, whose parts bind by name.
// Source: semantics "Body"; RFC 7578.
import { mediaTypeOf } from "../wire/accept.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { FieldTree } from "./field-tree.ts";
import { parseMultipartForm } from "./multipart-form.ts";
import { createParameterBinder, type ParameterBinder } from "./parameter-binder.ts";
import type { ParameterScope } from "./parameter-target.ts";
import { parameterRefusal, writeParameters } from "./query-parameters.ts";

/** @throws RpcError INVALID_ARGUMENT naming the form field */
export type FormReader = (
  body: Uint8Array,
  contentType: string,
  writer: ProtobufWriter,
  nested: FieldTree,
) => void;

/** The reader of forms whose keys begin at `scope.under`. Compiled when a first form comes: most routes see none. */
export function createFormReader(scope: ParameterScope): FormReader {
  let compiled: ParameterBinder | undefined;
  return (body, contentType, writer, nested) => {
    compiled ??= createParameterBinder(scope);
    const state = compiled.start(false, nested);
    if (mediaTypeOf(contentType) !== "multipart/form-data") {
      // A form is ASCII; bytes beyond it are taken as UTF-8, as browsers send them.
      writeParameters(new TextDecoder().decode(body), "form", compiled, state, writer);
      return;
    }
    for (const part of parseMultipartForm(body, contentType)) {
      const outcome = compiled.bindPart(part, state, writer);
      if (outcome.outcome === "refused") throw parameterRefusal("form", part.name, outcome.reason);
    }
  };
}
