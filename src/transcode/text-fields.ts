// The text binders of one schema, each compiled when a rule or a query first needs it.
import type { DescField } from "@bufbuild/protobuf";
import {
  compileTextEntry,
  compileTextField,
  type TextEntry,
  type TextField,
  type TextFieldOptions,
} from "./text-field.ts";

export interface TextFields {
  /** The binder of a field or of the elements of a repeated one; undefined where it takes no text. */
  field(desc: DescField): TextField | undefined;
  /** The binder of the entries of a map; undefined where it takes no text, or is no map. */
  entry(desc: DescField): TextEntry | undefined;
}

/** Grows with the schema, never with requests: what it keeps is keyed by descriptors. */
export function createTextFields(options: TextFieldOptions): TextFields {
  const fields = new Map<DescField, TextField | undefined>();
  const entries = new Map<DescField, TextEntry | undefined>();
  return {
    field(desc) {
      if (!fields.has(desc)) fields.set(desc, compileTextField(desc, options));
      return fields.get(desc);
    },
    entry(desc) {
      if (desc.fieldKind !== "map") return undefined;
      if (!entries.has(desc)) entries.set(desc, compileTextEntry(desc, options));
      return entries.get(desc);
    },
  };
}
