// The JSON of one field of a message, for `response_body`: the field is looked for among the records of the message.
// Source: google/api/http.proto, "response_body"; an unset field prints its JSON default (semantics.md, Responses).
import type { DescField } from "@bufbuild/protobuf";
import { hasCustomJson } from "./custom-json.ts";
import type { EncodeContext } from "./encode-context.ts";
import { compileFieldEncoder } from "./encode-field.ts";
import { compileRecords } from "./encode-records.ts";
import type { EncodeState } from "./encode-state.ts";
import type { FieldEncoder } from "./field-encoder.ts";
import { defaultJson } from "./json-default.ts";

/** Compiles what prints the field of the message between the reader's position and its end. */
export function compileSingleField(desc: DescField, context: EncodeContext): (state: EncodeState) => void {
  const place = { prefix: "", printsDefault: true };
  const field = compileFieldEncoder(desc, place, context);
  // Another member of its oneof that comes later unsets the field.
  const rivals = (desc.oneof?.fields ?? [])
    .filter((other) => other !== desc)
    .map((other) => silence(compileFieldEncoder(other, place, context)));
  const records = compileRecords([{ ...field, unset: undefined }, ...rivals]);
  const printUnset = compileUnset(desc, context);
  return (state) => {
    const start = state.writer.pos;
    records(state);
    if (state.writer.pos === start) printUnset(state);
  };
}

/** An absent message prints as an empty one; where that has a JSON form of its own, it would be a value nobody set. */
function compileUnset(desc: DescField, context: EncodeContext): (state: EncodeState) => void {
  if (desc.fieldKind === "message" && !hasCustomJson(desc.message)) {
    const message = context.message(desc.message);
    return (state) => state.within(state.reader.pos, message.encode);
  }
  const unset = new TextEncoder().encode(defaultJson(desc, context.options) ?? "null");
  return (state) => state.writer.name(unset);
}

/** The field without a voice: its records are read and nothing is printed. */
function silence(field: FieldEncoder): FieldEncoder {
  return { ...field, unset: undefined, encode: (state, tag) => state.reader.skip(tag) };
}
