// Path variables: raw captures of a template bound to fields of the request message, as the last thing in it, so that
// the path beats query and body.
// Source: google/api/http.proto ("Path template syntax", "The path variables must not …").
import type { DescMessage } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { decodePercent } from "../wire/percent.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import {
  areRivals,
  type FieldPath,
  fieldPathName,
  fieldType,
  replacedFields,
  resolveFieldPath,
  writeNested,
} from "./field-path.ts";
import { addToTree, type FieldTree } from "./field-tree.ts";
import { decodeMultiSegment } from "./path-text.ts";
import { quoteText, shortenText } from "./quote-text.ts";
import type { BindingStep } from "./route.ts";
import type { Template } from "./template.ts";
import type { TextField } from "./text-field.ts";
import type { TextFields } from "./text-fields.ts";

export interface PathVariables {
  readonly fields: readonly FieldPath[];
  /** What a body must not say besides: fields that are replaced rather than overwritten, and rivals in a oneof. */
  readonly dropped: FieldTree;
  /**
   * Appends the fields of all variables.
   * @throws RpcError INVALID_ARGUMENT naming the variable and the expected type
   */
  write(captures: readonly string[], writer: ProtobufWriter): void;
  explain(captures: readonly string[], writer: ProtobufWriter): BindingStep[];
}

interface PathVariable {
  readonly name: string;
  readonly path: FieldPath;
  readonly text: TextField;
  readonly multiSegment: boolean;
}

export interface PathScope {
  readonly dialect: Dialect;
  readonly textFields: TextFields;
  /** How variables of several segments are decoded. */
  readonly unescape: Dialect["unescape"];
}

/** Compiles the variables of a template; a reason where one cannot be bound. */
export function compilePathVariables(
  template: Template,
  input: DescMessage,
  { dialect, textFields, unescape: unescaping }: PathScope,
): PathVariables | string {
  const variables: PathVariable[] = [];
  for (const { fieldPath, multiSegment } of template.variables) {
    const name = fieldPath.join(".");
    const path = resolveFieldPath(input, fieldPath);
    if (typeof path === "string") return `{${name}}: ${path}`;
    const text = textFields.field(path.leaf);
    const list = path.leaf.fieldKind === "list";
    if (text === undefined || text.json || (list && !dialect.repeatedPathVariables)) {
      return `{${name}}: a path variable cannot be bound to ${fieldType(path.leaf)}`;
    }
    const rival = variables.find((other) => areRivals(other.path, path));
    if (rival !== undefined) return `{${name}}: is in one oneof with {${rival.name}}, only one can be set`;
    variables.push({ name, path, text, multiSegment });
  }

  /** The failure, or undefined where the value was appended. */
  const bind = (variable: PathVariable, capture: string, writer: ProtobufWriter): string | undefined => {
    const text = variable.multiSegment ? decodeMultiSegment(capture, unescaping) : decodePercent(capture);
    if (text === undefined) return `malformed percent-encoding in ${quoteText(capture)}`;
    const { ancestors, leaf } = variable.path;
    const values = leaf.fieldKind === "list" ? text.split(",") : [text];
    for (const value of values) {
      if (!writeNested(writer, ancestors, variable.text, value))
        return `expected ${variable.text.expected}, got ${quoteText(value)}`;
    }
    return undefined;
  };

  return {
    fields: variables.map(({ path }) => path),
    dropped: droppedBy(variables),
    write(captures, writer) {
      for (let i = 0; i < variables.length; i++) {
        const variable = variables[i] as PathVariable;
        const failure = bind(variable, captures[i] ?? "", writer);
        if (failure === undefined) continue;
        throw new RpcError(Code.INVALID_ARGUMENT, `path variable "${variable.name}": ${failure}`);
      }
    },
    explain: (captures, writer) =>
      variables.map((variable, i) => {
        const capture = captures[i] ?? "";
        const reason = bind(variable, capture, writer);
        return {
          from: "path",
          key: variable.name,
          text: shortenText(capture),
          field: fieldPathName(variable.path),
          type: fieldType(variable.path.leaf),
          ...(reason === undefined ? { outcome: "bound" } : { outcome: "refused", reason }),
        };
      }),
  };
}

function droppedBy(variables: readonly PathVariable[]): FieldTree {
  const dropped: FieldTree = new Map();
  for (const { path } of variables) for (const fields of replacedFields(path)) addToTree(dropped, fields);
  return dropped;
}
