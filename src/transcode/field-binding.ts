// A request field that a policy binds to a header or a cookie, compiled once per method.
// Source: protos/protogate/v1/options.proto (FieldBinding); RFC 9110 §5.3 and §5.6.1 (repeated and list-valued headers); RFC 6265 §4.2.
import { isUtf8 } from "node:buffer";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Header } from "../rpc/header.ts";
import { cookieValues } from "./cookie.ts";
import {
  type FieldPath,
  fieldPathKey,
  fieldPathName,
  fieldType,
  replacedFields,
  resolveFieldPath,
} from "./field-path.ts";
import type { FieldBinding } from "./rest-policy.ts";
import type { TextField } from "./text-field.ts";
import type { TextFields } from "./text-fields.ts";

export interface FieldSource {
  readonly from: "header" | "cookie";
  readonly name: string;
  readonly path: FieldPath;
  /** Field numbers of the path. */
  readonly key: string;
  /** By proto names: `context.tenant`. */
  readonly field: string;
  readonly type: string;
  readonly text: TextField;
  /** What a body must not say besides. */
  readonly replaced: readonly (readonly DescField[])[];
  /** The values that a request has; none where it has no such header or cookie. */
  values(header: Header): readonly string[];
}

/** The source, or the reason why the field cannot be bound. */
export function compileFieldBinding(
  from: FieldSource["from"],
  binding: FieldBinding,
  input: DescMessage,
  textFields: TextFields,
): FieldSource | string {
  if (binding.name === "") return `a ${from} without a name`;
  const path = resolveFieldPath(input, binding.field.split("."));
  if (typeof path === "string") return path;
  const text = textFields.field(path.leaf);
  const type = fieldType(path.leaf);
  if (text === undefined) return `"${binding.field}" is ${type}, which a ${from} cannot carry`;
  const name = from === "header" ? binding.name.toLowerCase() : binding.name;
  const repeats = path.leaf.fieldKind === "list";
  return {
    from,
    name,
    path,
    key: fieldPathKey(path),
    field: fieldPathName(path),
    type,
    text,
    replaced: replacedFields(path),
    values: from === "header" ? headerReader(name, repeats, text.json) : cookieReader(name, repeats),
  };
}

/** A repeated field takes the elements of a list; JSON has commas of its own. */
function headerReader(name: string, repeats: boolean, json: boolean): FieldSource["values"] {
  if (!repeats || json) return (header) => header.getAll(name).map(textOf);
  return (header) =>
    header
      .getAll(name)
      .flatMap((value) => textOf(value).split(","))
      .map((element) => element.trim())
      // Empty list elements do not count, RFC 9110 §5.6.1.2.
      .filter((element) => element !== "");
}

/** Of several cookies of one name the first is the most specific one, RFC 6265 §5.4. */
function cookieReader(name: string, repeats: boolean): FieldSource["values"] {
  return (header) => {
    const values = cookieValues(header, name).map(textOf);
    return repeats ? values : values.slice(0, 1);
  };
}

/** HTTP stacks hand bytes over as Latin-1; what is UTF-8 beyond ASCII was meant as such. */
function textOf(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
