// Resolves the type names of one file and completes what descriptors may leave out: field types, JSON names. After
// this a registry can be built from the file without surprises.
// Source: google/protobuf/descriptor.proto
import { isFieldSet, type ScalarType } from "@bufbuild/protobuf";
import { parseTextFormatScalarValue } from "@bufbuild/protobuf/wire";
import {
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { jsonNameOf } from "./json-name.ts";
import { shorten } from "./shorten.ts";
import { walkFile } from "./walk-fields.ts";

/** A type of the schema and the file it is in. */
export interface LinkedType<F> {
  readonly kind: "message" | "enum" | "map entry";
  readonly file: F;
  /** Of an enum. */
  readonly declaration?: EnumDescriptorProto;
}

/** The files that the file refers to (itself left out), or why it cannot be used. */
export type LinkResult<F> = { readonly refersTo: ReadonlySet<F> } | { readonly reason: string };

/**
 * Links a file whose declarations are sound (`checkDeclarations`).
 * @param lookup the type of a full name without leading dot, among all files of the schema
 */
export function linkFile<F>(
  proto: FileDescriptorProto,
  file: F,
  lookup: (name: string) => LinkedType<F> | undefined,
): LinkResult<F> {
  const refersTo = new Set<F>();
  let reason: string | undefined;

  const resolve = (name: string, place: string): LinkedType<F> | undefined => {
    const type = name.startsWith(".") ? lookup(name.slice(1)) : undefined;
    if (type === undefined) reason ??= `the type ${shorten(name)} of ${place} is in no file`;
    else if (type.file !== file) refersTo.add(type.file);
    return type;
  };
  const requireMessage = (name: string, place: string): void => {
    const type = resolve(name, place);
    if (type !== undefined && type.kind !== "message")
      reason ??= `${shorten(name)} of ${place} is no message`;
  };

  walkFile(proto, {
    field(field, scope, extension) {
      const place = `${scope}.${field.name}`;
      if (extension) requireMessage(field.extendee, place);
      else if (!isFieldSet(field, FieldDescriptorProtoSchema.field.jsonName)) {
        field.jsonName = jsonNameOf(field.name);
      }
      const wantsType = typed.has(field.type) || !isFieldSet(field, FieldDescriptorProtoSchema.field.type);
      const type = wantsType ? resolve(field.typeName, place) : undefined;
      if (type !== undefined) reason ??= checkType(field, place, type, file, extension);
      if (reason === undefined) reason = checkDefault(field, place, type);
    },
    method(method, service) {
      const place = `${service}.${method.name}`;
      requireMessage(method.inputType, place);
      requireMessage(method.outputType, place);
    },
  });
  return reason === undefined ? { refersTo } : { reason };
}

const typed: ReadonlySet<FieldDescriptorProto_Type> = new Set([
  FieldDescriptorProto_Type.MESSAGE,
  FieldDescriptorProto_Type.GROUP,
  FieldDescriptorProto_Type.ENUM,
]);

function checkType<F>(
  field: FieldDescriptorProto,
  place: string,
  type: LinkedType<F>,
  file: F,
  extension: boolean,
): string | undefined {
  // `type` may be left out where `type_name` is given.
  if (!isFieldSet(field, FieldDescriptorProtoSchema.field.type)) {
    field.type = type.kind === "enum" ? FieldDescriptorProto_Type.ENUM : FieldDescriptorProto_Type.MESSAGE;
  }
  const wantsEnum = field.type === FieldDescriptorProto_Type.ENUM;
  if (wantsEnum !== (type.kind === "enum")) return `${field.typeName} of ${place} is of another kind`;
  if (type.kind !== "map entry") return undefined;
  const isMap =
    !extension &&
    type.file === file &&
    field.type === FieldDescriptorProto_Type.MESSAGE &&
    field.label === FieldDescriptorProto_Label.REPEATED;
  return isMap ? undefined : `${place} uses a map entry but is no map`;
}

/** A default value that cannot be read would be met only when the first message is made. */
function checkDefault<F>(
  field: FieldDescriptorProto,
  place: string,
  type: LinkedType<F> | undefined,
): string | undefined {
  if (!isFieldSet(field, FieldDescriptorProtoSchema.field.defaultValue)) return undefined;
  const wrong = `the default value of ${place} is no value of its type`;
  if (type !== undefined) {
    const { declaration } = type;
    return declaration !== undefined && valueNames(declaration).has(field.defaultValue) ? undefined : wrong;
  }
  // Reading bytes takes quadratic time.
  if (field.type === FieldDescriptorProto_Type.BYTES && field.defaultValue.length > 100_000) return wrong;
  try {
    const value = parseTextFormatScalarValue(field.type as number as ScalarType, field.defaultValue);
    const nan = Number.isNaN(value) && field.defaultValue !== "nan" && field.defaultValue !== "-nan";
    return nan ? wrong : undefined;
  } catch {
    return wrong;
  }
}

const namesOfValues = new WeakMap<EnumDescriptorProto, ReadonlySet<string>>();

/** Kept, as many fields may have defaults of one large enum. */
function valueNames(declaration: EnumDescriptorProto): ReadonlySet<string> {
  let names = namesOfValues.get(declaration);
  if (names === undefined) {
    names = new Set(declaration.value.map((value) => value.name));
    namesOfValues.set(declaration, names);
  }
  return names;
}
