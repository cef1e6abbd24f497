// Text of a path variable or a query parameter to the wire bytes of a field, compiled once per field: which parser,
// which tag. What is written is explicit even where it is the default, so that it overrides what came before.
// Source: google/api/http.proto ("primitive type"); https://protobuf.dev/programming-guides/json/
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import { closeSubmessage, fieldType, openSubmessage } from "./field-path.ts";
import { compileTextValue, type WriteText } from "./text-scalar.ts";
import { goDurationToJson, parseFieldMask } from "./text-well-known.ts";

export interface TextField {
  /** What a text has to be, for messages: `int32`, `demo.BookView (a name such as FULL, or a number)`. */
  readonly expected: string;
  /** True for Struct, Value, ListValue and Empty, which have no place in a path. */
  readonly json: boolean;
  /** Appends tag and value of one value, or of one element; false where the text does not parse. */
  write(text: string, writer: ProtobufWriter): boolean;
}

export interface TextEntry {
  readonly expected: string;
  /** Appends the entry of a map; false where key or text do not parse. */
  write(key: string, text: string, writer: ProtobufWriter): boolean;
}

export interface TextFieldOptions {
  readonly codec: Codec;
  readonly dialect: Pick<Dialect, "boolForms" | "durationForms">;
}

/** The binder of a field, or of the elements of a repeated one; undefined for messages and for maps. */
export function compileTextField(field: DescField, options: TextFieldOptions): TextField | undefined {
  if (field.fieldKind === "map") return undefined;
  if (field.message !== undefined) {
    const content = compileContent(field.message, options);
    if (content === undefined) return undefined;
    return {
      expected: content.expected,
      json: content.json,
      write(text, writer) {
        const mark = openSubmessage(writer, field);
        const written = content.write(text, writer);
        closeSubmessage(writer, field, mark);
        return written;
      },
    };
  }
  if (isMaskPaths(field)) {
    const { expected, json, write } = maskContent;
    return { expected, json, write };
  }
  const value = compileTextValue(field.enum ?? field.scalar, options.dialect);
  const { number } = field;
  return {
    expected: value.expected,
    json: false,
    write(text, writer) {
      writer.tag(number, value.wireType);
      return value.write(text, writer);
    },
  };
}

/** The binder of `m[key]=value`; undefined where the values are messages without a text form. */
export function compileTextEntry(
  field: DescField & { readonly fieldKind: "map" },
  options: TextFieldOptions,
): TextEntry | undefined {
  const key = compileTextValue(field.mapKey, options.dialect);
  const content = field.message && compileContent(field.message, options);
  if (field.message !== undefined && content === undefined) return undefined;
  const value =
    field.message === undefined ? compileTextValue(field.enum ?? field.scalar, options.dialect) : undefined;
  return {
    expected: fieldType(field),
    write(keyText, text, writer) {
      writer.tag(field.number, WireType.LENGTH);
      const entry = writer.begin();
      writer.tag(1, key.wireType);
      if (!key.write(keyText, writer)) return false;
      writer.tag(2, value === undefined ? WireType.LENGTH : value.wireType);
      const mark = value === undefined ? writer.begin() : -1;
      if (!(value ?? content)?.write(text, writer)) return false;
      if (mark >= 0) writer.end(mark);
      writer.end(entry);
      return true;
    },
  };
}

interface Content {
  readonly expected: string;
  readonly json: boolean;
  readonly write: WriteText;
}

const maskContent: Content = {
  expected: "google.protobuf.FieldMask (paths with commas between)",
  json: false,
  write(text, writer) {
    const paths = parseFieldMask(text);
    for (const path of paths ?? []) {
      writer.tag(1, WireType.LENGTH);
      writer.string(path);
    }
    return paths !== undefined;
  },
};

/** `update_mask.paths`, as some clients spell a mask: its texts are what the mask's own are. */
function isMaskPaths(field: DescField): boolean {
  const { parent, number, fieldKind, scalar } = field;
  if (parent.typeName !== "google.protobuf.FieldMask" || number !== 1) return false;
  return fieldKind === "list" && scalar === ScalarType.STRING;
}

/** The content of a well-known message; undefined for all others. */
function compileContent(desc: DescMessage, options: TextFieldOptions): Content | undefined {
  const { codec, dialect } = options;
  const name = desc.typeName;
  switch (name) {
    case "google.protobuf.Timestamp":
      return {
        expected: `${name} (RFC 3339, such as 2026-01-31T10:00:20.021Z)`,
        json: false,
        write: (text, writer) => writeJson(codec, desc, JSON.stringify(text), writer),
      };
    case "google.protobuf.Duration":
      return {
        expected: `${name} (such as 3.5s)`,
        json: false,
        write(text, writer) {
          const json = dialect.durationForms === "go" ? (goDurationToJson(text) ?? text) : text;
          return writeJson(codec, desc, JSON.stringify(json), writer);
        },
      };
    case "google.protobuf.FieldMask":
      return maskContent;
    case "google.protobuf.Empty":
      return {
        expected: `${name} (nothing, or {})`,
        json: true,
        write: (text) => text === "" || text === "{}",
      };
    case "google.protobuf.Struct":
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
      return {
        expected: `${name} (JSON)`,
        json: true,
        write: (text, writer) => writeJson(codec, desc, text, writer),
      };
  }
  const [value, ...others] = desc.fields;
  if (!wrappers.has(name) || value === undefined || others.length > 0) return undefined;
  const wrapped = compileTextField(value, options);
  return wrapped && { expected: wrapped.expected, json: false, write: wrapped.write };
}

const wrappers = new Set(
  ["Bool", "Int32", "Int64", "UInt32", "UInt64", "Float", "Double", "String", "Bytes"].map(
    (name) => `google.protobuf.${name}Value`,
  ),
);

function writeJson(codec: Codec, desc: DescMessage, json: string, writer: ProtobufWriter): boolean {
  try {
    writer.raw(codec.message(desc).decodeJson(Buffer.from(json)));
    return true;
  } catch (reason) {
    if (reason instanceof RpcError) return false;
    throw reason;
  }
}
