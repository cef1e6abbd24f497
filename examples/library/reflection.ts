// Server reflection, v1 and v1alpha, which differ in their name only. @grpc/reflection would re-encode the descriptors
// and lose google.api.http, without which a gateway has nothing to route.
// Source: grpc/reflection/v1/reflection.proto.
import type { DescFile, DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type {
  ServerReflection,
  ServerReflectionRequest,
} from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { type DescriptorSet, loadDescriptorSet, withImports } from "./descriptor-set.ts";
import type { Handlers } from "./grpc-service.ts";

type Question = ServerReflectionRequest["messageRequest"];

/** The name of the same service before it was called v1; older clients know no other. */
export const reflectionAlphaName = "grpc.reflection.v1alpha.ServerReflection";

/** Handlers for either version. `services` is what list_services answers. */
export function createReflectionHandlers(services: readonly string[]): Handlers<typeof ServerReflection> {
  return {
    async *serverReflectionInfo(requests) {
      const set = await loadDescriptorSet();
      // As other servers do: a file goes out with what it imports, and only once in a stream.
      const sent = new Set<string>();
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(set, services, request.messageRequest, sent),
        };
      }
    },
  };
}

function answer(set: DescriptorSet, services: readonly string[], question: Question, sent: Set<string>) {
  const { registry } = set;
  switch (question.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: services.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return files(set, registry.getFile(question.value), question.value, sent);
    case "fileContainingSymbol":
      return files(set, fileOfSymbol(registry, question.value), question.value, sent);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const extendee = registry.getMessage(containingType);
      const extension = extendee && registry.getExtensionFor(extendee, extensionNumber);
      return files(set, extension?.file, `${containingType} [${extensionNumber}]`, sent);
    }
    case "allExtensionNumbersOfType": {
      const extendee = registry.getMessage(question.value);
      if (extendee === undefined) return notFound(question.value);
      return {
        case: "allExtensionNumbersResponse" as const,
        value: { baseTypeName: question.value, extensionNumber: extensionNumbers(registry, extendee) },
      };
    }
    default:
      return {
        case: "errorResponse" as const,
        value: { errorCode: status.INVALID_ARGUMENT, errorMessage: "no question" },
      };
  }
}

function files(set: DescriptorSet, file: DescFile | undefined, asked: string, sent: Set<string>) {
  if (file === undefined) return notFound(asked);
  const names = withImports(file)
    .map(({ proto }) => proto.name)
    .filter((name) => name === file.proto.name || !sent.has(name))
    .reverse();
  for (const name of names) sent.add(name);
  const fileDescriptorProto = names.flatMap((name) => set.bytes.get(name) ?? []);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

/** Of any kind: map entries are no types in the registry, and enum values are named beside their enum. */
function fileOfSymbol(registry: FileRegistry, symbol: string): DescFile | undefined {
  const found = registry.get(symbol);
  if (found !== undefined) return found.file;
  const dot = symbol.lastIndexOf(".");
  const [parentName, name] = [symbol.slice(0, dot), symbol.slice(dot + 1)];
  const parent = registry.get(parentName);
  switch (parent?.kind) {
    case "service":
      return parent.methods.some((method) => method.name === name) ? parent.file : undefined;
    case "message":
      return [...parent.fields, ...parent.oneofs, ...parent.proto.nestedType].some(
        (member) => member.name === name,
      )
        ? parent.file
        : fileOfEnumValue(registry, parentName, name);
    default:
      return fileOfEnumValue(registry, parentName, name);
  }
}

function fileOfEnumValue(registry: FileRegistry, scope: string, name: string): DescFile | undefined {
  for (const type of registry) {
    if (type.kind !== "enum") continue;
    if (type.typeName.slice(0, type.typeName.lastIndexOf(".")) !== scope) continue;
    if (type.values.some((value) => value.name === name)) return type.file;
  }
  return undefined;
}

function extensionNumbers(registry: FileRegistry, extendee: DescMessage): number[] {
  const numbers: number[] = [];
  for (const type of registry) {
    if (type.kind === "extension" && type.extendee.typeName === extendee.typeName) numbers.push(type.number);
  }
  return numbers.sort((a, b) => a - b);
}

function notFound(asked: string) {
  return {
    case: "errorResponse" as const,
    value: { errorCode: status.NOT_FOUND, errorMessage: `not found: ${asked.slice(0, 200)}` },
  };
}
