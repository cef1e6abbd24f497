// Visits what refers to types in a file: fields, extensions and methods, each with the scope its names are read in.
// Source: google/protobuf/descriptor.proto
import type {
  DescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  MethodDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { qualifyName } from "./declared-symbols.ts";

export interface FileVisitor {
  /** @param scope full name of the message, or the package for an extension at the top level */
  field(field: FieldDescriptorProto, scope: string, extension: boolean): void;
  method(method: MethodDescriptorProto, service: string): void;
}

export function walkFile(proto: FileDescriptorProto, visitor: FileVisitor): void {
  for (const message of proto.messageType) {
    walkMessage(message, qualifyName(proto.package, message.name), visitor);
  }
  for (const field of proto.extension) visitor.field(field, proto.package, true);
  for (const service of proto.service) {
    const name = qualifyName(proto.package, service.name);
    for (const method of service.method) visitor.method(method, name);
  }
}

function walkMessage(message: DescriptorProto, name: string, visitor: FileVisitor): void {
  for (const field of message.field) visitor.field(field, name, false);
  for (const field of message.extension) visitor.field(field, name, true);
  for (const nested of message.nestedType) walkMessage(nested, qualifyName(name, nested.name), visitor);
}
