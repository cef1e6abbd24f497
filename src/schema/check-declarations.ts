// Whether what a file declares is protobuf at all: identifiers, numbers, oneofs, syntax. Compilers refuse the rest, but
// a descriptor can be written by hand, and what is made of it (JSON names, objects, pages) relies on it.
// Source: https://protobuf.dev/reference/protobuf/proto3-spec/; google/protobuf/descriptor.proto
import { isFieldSet, maximumEdition, minimumEdition } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  Edition,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { shorten } from "./shorten.ts";

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maxFieldNumber = 2 ** 29 - 1;

/** The first thing that is wrong with a file's own declarations, or nothing. References are checked by linking. */
export function checkDeclarations(proto: FileDescriptorProto): string | undefined {
  return (
    checkSyntax(proto) ??
    (proto.package === ""
      ? undefined
      : firstOf(proto.package.split("."), (part) => checkName("package", part))) ??
    firstOf(proto.messageType, checkMessage) ??
    firstOf(proto.enumType, checkEnum) ??
    firstOf(proto.extension, checkExtension) ??
    firstOf(
      proto.service,
      (service) =>
        checkName("service", service.name) ??
        firstOf(service.method, (method) => checkName("method", method.name)) ??
        checkUnique(service.name, "method", service.method, (method) => method.name),
    )
  );
}

function checkSyntax(proto: FileDescriptorProto): string | undefined {
  switch (proto.syntax) {
    case "":
    case "proto2":
    case "proto3":
      return undefined;
    case "editions": {
      const { edition } = proto;
      const supported = edition >= minimumEdition && edition <= maximumEdition;
      return supported || edition === Edition.EDITION_UNSTABLE
        ? undefined
        : `edition ${edition} is not supported`;
    }
    default:
      return `syntax "${shorten(proto.syntax)}" is not supported`;
  }
}

function checkMessage(message: DescriptorProto): string | undefined {
  return (
    checkName("message", message.name) ??
    firstOf(message.oneofDecl, (oneof) => checkName("oneof", oneof.name)) ??
    firstOf(message.field, (field) => checkField(message, field)) ??
    checkUnique(message.name, "field", message.field, (field) => field.name) ??
    checkUnique(message.name, "field number", message.field, (field) => field.number) ??
    checkMapEntry(message) ??
    firstOf(message.extension, checkExtension) ??
    firstOf(message.enumType, checkEnum) ??
    firstOf(message.nestedType, checkMessage)
  );
}

function checkField(message: DescriptorProto, field: FieldDescriptorProto): string | undefined {
  const badName = checkName("field", field.name);
  if (badName !== undefined) return badName;
  if (field.number < 1 || field.number > maxFieldNumber) {
    return `field ${field.name} of ${message.name} has the number ${field.number}`;
  }
  if (!isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)) return undefined;
  if (message.oneofDecl[field.oneofIndex] === undefined) {
    return `field ${field.name} of ${message.name} is in oneof ${field.oneofIndex}, which is not declared`;
  }
  if (field.label === FieldDescriptorProto_Label.REPEATED) {
    return `field ${field.name} of ${message.name} is repeated inside a oneof`;
  }
  return undefined;
}

function checkExtension(field: FieldDescriptorProto): string | undefined {
  const badName = checkName("extension", field.name);
  if (badName !== undefined) return badName;
  return field.number < 1 ? `extension ${field.name} has the number ${field.number}` : undefined;
}

/** A map entry is a message with a singular key of an integral or string type, and a singular value. */
function checkMapEntry(message: DescriptorProto): string | undefined {
  if (message.options?.mapEntry !== true) return undefined;
  const [key, value, ...rest] = message.field;
  const singular = [key, value].every((field) => field?.label === FieldDescriptorProto_Label.OPTIONAL);
  const sound =
    singular && key?.number === 1 && value?.number === 2 && !notKey.has(key.type) && rest.length === 0;
  return sound && message.oneofDecl.length === 0 ? undefined : `${message.name} is no valid map entry`;
}

const notKey: ReadonlySet<FieldDescriptorProto_Type> = new Set([
  FieldDescriptorProto_Type.BYTES,
  FieldDescriptorProto_Type.DOUBLE,
  FieldDescriptorProto_Type.ENUM,
  FieldDescriptorProto_Type.FLOAT,
  FieldDescriptorProto_Type.GROUP,
  FieldDescriptorProto_Type.MESSAGE,
]);

function checkEnum(declaration: EnumDescriptorProto): string | undefined {
  return (
    checkName("enum", declaration.name) ??
    (declaration.value.length === 0 ? `enum ${declaration.name} has no value` : undefined) ??
    firstOf(declaration.value, (value) => checkName("enum value", value.name)) ??
    checkUnique(declaration.name, "enum value", declaration.value, (value) => value.name)
  );
}

function checkName(what: string, name: string): string | undefined {
  return identifier.test(name) ? undefined : `"${shorten(name)}" is no valid ${what} name`;
}

function checkUnique<T>(
  owner: string,
  what: string,
  items: readonly T[],
  key: (item: T) => string | number,
): string | undefined {
  const seen = new Set<string | number>();
  for (const item of items) {
    if (seen.has(key(item))) return `${owner} has the ${what} ${shorten(String(key(item)))} twice`;
    seen.add(key(item));
  }
  return undefined;
}

function firstOf<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = check(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
