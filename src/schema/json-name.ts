// The JSON name of a field whose descriptor does not say it (descriptors that protobufjs wrote never do).
// Source: google/protobuf/descriptor.proto, FieldDescriptorProto.json_name; protobuf's ToJsonName

/** `the_name` → `theName`: underscores go, the character after one is upper case. */
export function jsonNameOf(name: string): string {
  return name.replace(/_+([^_])?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}
