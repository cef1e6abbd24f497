// The files that the gateway brings to its reflection beside those of the schema: its own services, and the error
// details that any reply may carry, so that clients can print them. What the schema declares itself is the schema's.
import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type FileRegistry,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { file_google_rpc_status } from "../gen/google/rpc/status_pb.ts";
import { file_grpc_health_v1_health, Health } from "../gen/grpc/health/v1/health_pb.ts";
import {
  file_grpc_reflection_v1_reflection,
  ServerReflection as ServerReflectionV1,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  file_grpc_reflection_v1alpha_reflection,
  ServerReflection as ServerReflectionV1alpha,
} from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { declaredSymbols, keepSymbols } from "../schema/declared-symbols.ts";
import type { FileSet, FoundFile } from "./file-set.ts";

/** Full names of the services that the gateway answers itself. */
export const ownServiceNames: readonly string[] = [
  Health.typeName,
  ServerReflectionV1.typeName,
  ServerReflectionV1alpha.typeName,
];

const descs: readonly DescFile[] = [
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_grpc_reflection_v1alpha_reflection,
  file_google_rpc_error_details,
  file_google_rpc_status,
];

/**
 * Our files as far as the schema lacks them. A client that loads them next to the schema's meets no name twice: what
 * the schema declares is cut out of ours and imported instead, and a file whose name is taken gets another one.
 */
export function createOwnFiles(schema: FileRegistry): FileSet {
  const files = inOrderOfImports(descs);
  /** By the names that our files were compiled with. */
  const fitted = new Map<string, FoundFile>();
  /** Names of the files that together declare what one of ours does; none for one that is left out. */
  const standIns = new Map<string, readonly string[]>();
  for (const { proto } of files) {
    const fit = fitIntoSchema(proto, schema, standIns);
    if (fit === undefined) continue;
    standIns.set(proto.name, fit.standIns);
    if (fit.proto === undefined) continue;
    const bytes = toBinary(FileDescriptorProtoSchema, fit.proto);
    fitted.set(proto.name, { name: fit.proto.name, bytes, imports: fit.proto.dependency });
  }
  const named = new Map([...fitted.values()].map((file) => [file.name, file]));
  return {
    // As compiled, so that nothing is linked with what a backend sent: what was cut out is found in the schema first.
    registry: createFileRegistry(create(FileDescriptorSetSchema, { file: files.map(({ proto }) => proto) })),
    fileOf: (desc) => fitted.get(desc.proto.name),
    fileNamed: (name) => named.get(name),
    names: () => named.keys(),
  };
}

interface FittedFile {
  /** Absent where the schema has all of it. */
  readonly proto?: FileDescriptorProto;
  readonly standIns: readonly string[];
}

/** @returns undefined where the schema has something else under a name that the file needs */
function fitIntoSchema(
  proto: FileDescriptorProto,
  schema: FileRegistry,
  standIns: ReadonlyMap<string, readonly string[]>,
): FittedFile | undefined {
  const symbols = declaredSymbols(proto);
  const missing = new Set<string>();
  const dependency = new Set<string>();
  for (const symbol of symbols) {
    const theirs = schema.get(symbol.name);
    if (theirs === undefined) missing.add(symbol.name);
    else if (theirs.kind === symbol.kind) dependency.add(theirs.file.proto.name);
    else return undefined;
  }
  const elsewhere = [...dependency];
  if (missing.size === 0) return { standIns: elsewhere };
  for (const imported of proto.dependency) {
    const files = standIns.get(imported);
    if (files === undefined) return undefined;
    for (const name of files) dependency.add(name);
  }
  let { name } = proto;
  while (schema.getFile(name) !== undefined) name = `protogate/${name}`;
  const fitted = clone(FileDescriptorProtoSchema, proto);
  fitted.name = name;
  fitted.dependency = [...dependency];
  if (missing.size < symbols.length) {
    keepSymbols(
      fitted,
      declaredSymbols(fitted).filter((symbol) => missing.has(symbol.name)),
    );
  }
  return { proto: fitted, standIns: [name, ...elsewhere] };
}

/** The files and all they import, each after its imports. */
function inOrderOfImports(files: readonly DescFile[]): readonly DescFile[] {
  const ordered = new Set<DescFile>();
  const visit = (file: DescFile): void => {
    for (const dependency of file.dependencies) visit(dependency);
    ordered.add(file);
  };
  for (const file of files) visit(file);
  return [...ordered];
}
