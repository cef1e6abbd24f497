// Which messages have a JSON form of their own, so that they stand under "value" in an Any.
// Source: google/protobuf/any.proto, "JSON"; ProtoJSON. google.protobuf.Empty is an ordinary object without members.
import type { DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

const customNames: ReadonlySet<string> = new Set(
  ["Any", "Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue"].map(
    (name) => `google.protobuf.${name}`,
  ),
);

export function hasCustomJson(desc: DescMessage): boolean {
  return customNames.has(desc.typeName) || isWrapperDesc(desc);
}
