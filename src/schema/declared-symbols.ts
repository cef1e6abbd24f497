// What a file declares: its top-level symbols, the unit in which files are merged, and the type names inside them.
// Source: google/protobuf/descriptor.proto
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";

/** One declaration at the top level of a file; `name` is its full name without a leading dot. */
export type DeclaredSymbol = { readonly name: string } & (
  | { readonly kind: "message"; readonly declaration: DescriptorProto }
  | { readonly kind: "enum"; readonly declaration: EnumDescriptorProto }
  | { readonly kind: "service"; readonly declaration: ServiceDescriptorProto }
  | { readonly kind: "extension"; readonly declaration: FieldDescriptorProto }
);

export interface DeclaredType {
  /** Full name without a leading dot: `demo.Book.Chapter`. */
  readonly name: string;
  /** A map entry can only be the type of a map field in its own file. */
  readonly kind: "message" | "enum" | "map entry";
  /** Of an enum. */
  readonly declaration?: EnumDescriptorProto;
}

/** `name` inside `scope`, which is empty outside every package. */
export function qualifyName(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

export function declaredSymbols(proto: FileDescriptorProto): DeclaredSymbol[] {
  const full = (declaration: { readonly name: string }): string =>
    qualifyName(proto.package, declaration.name);
  return [
    ...proto.messageType.map((it): DeclaredSymbol => ({ kind: "message", name: full(it), declaration: it })),
    ...proto.enumType.map((it): DeclaredSymbol => ({ kind: "enum", name: full(it), declaration: it })),
    ...proto.service.map((it): DeclaredSymbol => ({ kind: "service", name: full(it), declaration: it })),
    ...proto.extension.map((it): DeclaredSymbol => ({ kind: "extension", name: full(it), declaration: it })),
  ];
}

/** The types that a top-level symbol declares, itself included; none for services and extensions. */
export function declaredTypes(symbol: DeclaredSymbol): DeclaredType[] {
  if (symbol.kind === "enum") return [symbol];
  const types: DeclaredType[] = [];
  if (symbol.kind === "message") collectTypes(symbol.declaration, symbol.name, types);
  return types;
}

function collectTypes(message: DescriptorProto, name: string, types: DeclaredType[]): void {
  types.push({ name, kind: message.options?.mapEntry === true ? "map entry" : "message" });
  for (const declaration of message.enumType) {
    types.push({ name: qualifyName(name, declaration.name), kind: "enum", declaration });
  }
  // As deep as decoding allows, which is 100.
  for (const nested of message.nestedType) collectTypes(nested, qualifyName(name, nested.name), types);
}

/** Removes every top-level symbol but the given ones. Source locations are dropped: they count places in the lists. */
export function keepSymbols(proto: FileDescriptorProto, kept: Iterable<DeclaredSymbol>): void {
  const declarations = new Set<unknown>();
  for (const symbol of kept) declarations.add(symbol.declaration);
  proto.messageType = proto.messageType.filter((it) => declarations.has(it));
  proto.enumType = proto.enumType.filter((it) => declarations.has(it));
  proto.service = proto.service.filter((it) => declarations.has(it));
  proto.extension = proto.extension.filter((it) => declarations.has(it));
  delete proto.sourceCodeInfo;
}
