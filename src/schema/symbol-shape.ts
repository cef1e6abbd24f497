// When two declarations of one name are the same. Comments and json_name spelled out or left out make no difference;
// custom options make one, but a smaller one than fields: bytes on the wire mean the same either way.
// Source: google/protobuf/descriptor.proto
import { clone, create, isFieldSet, type Message, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { DeclaredSymbol } from "./declared-symbols.ts";
import { jsonNameOf } from "./json-name.ts";

/**
 * What a declaration says, in a normal form that is equal for equal declarations: `wire` without the options that do
 * not change bytes, `full` with all of them.
 */
export function symbolShape(
  file: FileDescriptorProto,
  symbol: DeclaredSymbol,
  depth: "wire" | "full",
): Uint8Array {
  // The file's syntax and features decide about presence and packing, so they belong to the declaration.
  const container = create(FileDescriptorProtoSchema, {
    syntax: file.syntax === "" ? "proto2" : file.syntax,
  });
  if (file.syntax === "editions") container.edition = file.edition;
  if (file.options?.features !== undefined) {
    container.options = create(FileOptionsSchema, { features: file.options.features });
  }
  const wire = depth === "wire";
  switch (symbol.kind) {
    case "message":
      container.messageType = [normalMessage(clone(DescriptorProtoSchema, symbol.declaration), wire)];
      break;
    case "enum":
      container.enumType = [normalEnum(clone(EnumDescriptorProtoSchema, symbol.declaration), wire)];
      break;
    case "service":
      container.service = [normalService(clone(ServiceDescriptorProtoSchema, symbol.declaration), wire)];
      break;
    case "extension":
      container.extension = [normalField(clone(FieldDescriptorProtoSchema, symbol.declaration), wire)];
      break;
  }
  return toBinary(FileDescriptorProtoSchema, container);
}

function normalMessage(message: DescriptorProto, wire: boolean): DescriptorProto {
  for (const field of [...message.field, ...message.extension]) normalField(field, wire);
  for (const nested of message.nestedType) normalMessage(nested, wire);
  for (const nested of message.enumType) normalEnum(nested, wire);
  const options = message.options;
  if (wire) {
    message.reservedRange = [];
    message.reservedName = [];
    message.extensionRange = [];
    for (const oneof of message.oneofDecl) delete oneof.options;
    delete message.options;
    if (options?.mapEntry === true || options?.messageSetWireFormat === true || options?.features) {
      message.options = create(MessageOptionsSchema, {
        mapEntry: options.mapEntry,
        messageSetWireFormat: options.messageSetWireFormat,
      });
      if (options.features !== undefined) message.options.features = options.features;
    }
  } else {
    sortUnknown(options);
    for (const oneof of message.oneofDecl) sortUnknown(oneof.options);
  }
  return message;
}

function normalField(field: FieldDescriptorProto, wire: boolean): FieldDescriptorProto {
  if (!isFieldSet(field, FieldDescriptorProtoSchema.field.jsonName)) field.jsonName = jsonNameOf(field.name);
  const features = field.options?.features;
  if (!wire) sortUnknown(field.options);
  else {
    delete field.options;
    if (features !== undefined) field.options = create(FieldOptionsSchema, { features });
  }
  return field;
}

function normalEnum(declaration: EnumDescriptorProto, wire: boolean): EnumDescriptorProto {
  const features = declaration.options?.features;
  if (wire) {
    declaration.reservedRange = [];
    declaration.reservedName = [];
    delete declaration.options;
    if (features !== undefined) declaration.options = create(EnumOptionsSchema, { features });
    for (const value of declaration.value) delete value.options;
  } else {
    sortUnknown(declaration.options);
    for (const value of declaration.value) sortUnknown(value.options);
  }
  return declaration;
}

function normalService(service: ServiceDescriptorProto, wire: boolean): ServiceDescriptorProto {
  for (const method of service.method) {
    if (wire) delete method.options;
    else sortUnknown(method.options);
  }
  if (wire) delete service.options;
  else sortUnknown(service.options);
  return service;
}

/** Custom options are unknown fields, kept in the order of the wire, which compilers choose differently. */
function sortUnknown(options: Message | undefined): void {
  options?.$unknown?.sort((a, b) => a.no - b.no);
}
