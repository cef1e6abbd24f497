// Makes relative type names absolute. protoc writes `.demo.Book`; descriptors that protobufjs wrote (proto-loader,
// @grpc/reflection) say `Book` or `b.v1.Book` and mean the innermost scope that has it.
// Source: google/protobuf/descriptor.proto, FieldDescriptorProto.type_name
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { walkFile } from "./walk-fields.ts";

/** Longer than any name that a file may declare: nothing to look up. */
const maxNameLength = 4096;

/**
 * Rewrites relative names in place where `isType` knows the type (full names without a leading dot); others stay as
 * they are and fail when the file is linked.
 * @returns whether anything was rewritten
 */
export function makeNamesAbsolute(proto: FileDescriptorProto, isType: (name: string) => boolean): boolean {
  let changed = false;
  const absolute = (name: string, scope: string): string => {
    if (name === "" || name.startsWith(".") || name.length > maxNameLength) return name;
    const full = resolveName(name, scope, isType);
    if (full === undefined) return name;
    changed = true;
    return `.${full}`;
  };
  walkFile(proto, {
    field(field, scope) {
      if (field.typeName !== "") field.typeName = absolute(field.typeName, scope);
      if (field.extendee !== "") field.extendee = absolute(field.extendee, scope);
    },
    method(method, service) {
      method.inputType = absolute(method.inputType, service);
      method.outputType = absolute(method.outputType, service);
    },
  });
  return changed;
}

/** The full name of `name` seen from `scope`, from the innermost scope outwards. */
function resolveName(name: string, scope: string, isType: (name: string) => boolean): string | undefined {
  for (let around = scope; around !== ""; around = around.slice(0, Math.max(0, around.lastIndexOf(".")))) {
    const full = `${around}.${name}`;
    if (isType(full)) return full;
  }
  return isType(name) ? name : undefined;
}
