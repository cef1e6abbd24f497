// Server reflection over the merged schema, v1 and v1alpha: original descriptor bytes, each file with what it imports.
// Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md; protos/grpc/reflection/v1/reflection.proto
import { create, type FileRegistry, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type ListServiceResponse,
  ListServiceResponseSchema,
  ServerReflectionRequestSchema as RequestSchema,
  ServerReflectionResponseSchema as ResponseSchema,
  type ServerReflectionRequest,
  ServerReflection as ServerReflectionV1,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1alpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Call, StreamReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { shorten } from "../schema/shorten.ts";
import type { SchemaFile } from "../schema/source.ts";
import { createFileLookup, type FileLookup } from "./file-lookup.ts";
import { createSchemaFiles, type FoundFile } from "./file-set.ts";
import { createOwnFiles, ownServiceNames } from "./own-files.ts";
import { createOwnService, type OwnService } from "./own-service.ts";
import { createStreamReply } from "./stream-reply.ts";

export interface ReflectedSchema {
  readonly files: readonly SchemaFile[];
  /** Built from the files. */
  readonly registry: FileRegistry;
  /** Full names of the backends' services; the gateway's own are added. */
  readonly serviceNames: readonly string[];
}

/**
 * Both versions of the service. Nothing is indexed before somebody asks. A stream keeps the schema it began with.
 *
 * A name that is in no file is answered with NOT_FOUND in `error_response`, and the stream goes on. A file comes with
 * all it imports, except what was sent on this stream already, and except where that would be too much for one message:
 * then it comes alone, and clients ask for its imports by name.
 */
export function createReflectionServices(schema: ReflectedSchema): readonly OwnService[] {
  let answerer: Answerer | undefined;
  const answererOf = (): Answerer => {
    answerer ??= {
      lookup: createFileLookup([
        createSchemaFiles(schema.files, schema.registry),
        createOwnFiles(schema.registry),
      ]),
      services: listOf([...schema.serviceNames, ...ownServiceNames]),
    };
    return answerer;
  };
  const handler = async (call: Call): Promise<StreamReply> => {
    if (call.kind !== "stream") throw new RpcError(Code.INTERNAL, "server reflection takes a stream");
    return reflect(call.messages, call.signal, answererOf);
  };
  // On the wire the two are the same.
  return [ServerReflectionV1, ServerReflectionV1alpha].map((desc) =>
    createOwnService(desc, new Map([["ServerReflectionInfo", handler]])),
  );
}

interface Answerer {
  readonly lookup: FileLookup;
  readonly services: ListServiceResponse;
}

function listOf(names: readonly string[]): ListServiceResponse {
  const sorted = [...new Set(names)].sort();
  return create(ListServiceResponseSchema, { service: sorted.map((name) => ({ name })) });
}

function reflect(
  requests: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  answererOf: () => Answerer,
): StreamReply {
  const source = requests[Symbol.asyncIterator]();
  const sent = new Set<string>();
  return createStreamReply(
    {
      async pull() {
        const step = await source.next();
        if (step.done === true) return undefined;
        const request = decodeRequest(step.value);
        const messageResponse = answer(request, answererOf(), sent);
        const response = create(ResponseSchema, { validHost: request.host, messageResponse });
        response.originalRequest = request;
        return toBinary(ResponseSchema, response);
      },
      stop() {
        // It may fail now, with nobody to hear of it.
        source.return?.()?.catch(() => {});
      },
    },
    signal,
  );
}

function decodeRequest(bytes: Uint8Array): ServerReflectionRequest {
  try {
    return fromBinary(RequestSchema, bytes);
  } catch {
    throw new RpcError(Code.INVALID_ARGUMENT, "the message is no ServerReflectionRequest");
  }
}

type Answer = NonNullable<MessageInitShape<typeof ResponseSchema>["messageResponse"]>;

function answer(request: ServerReflectionRequest, { lookup, services }: Answerer, sent: Set<string>): Answer {
  const { messageRequest: asked } = request;
  switch (asked.case) {
    case "fileByFilename":
      return filesAnswer(lookup.fileNamed(asked.value), `file ${shorten(asked.value)}`, lookup, sent);
    case "fileContainingSymbol": {
      // `pkg.Service/Method` is how people write methods.
      const symbol = plainName(asked.value).replace("/", ".");
      return filesAnswer(lookup.fileOfSymbol(symbol), `symbol ${shorten(asked.value)}`, lookup, sent);
    }
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = lookup.fileOfExtension(plainName(containingType), extensionNumber);
      return filesAnswer(file, `extension ${extensionNumber} of ${shorten(containingType)}`, lookup, sent);
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = plainName(asked.value);
      const numbers = lookup.extensionNumbers(baseTypeName);
      if (numbers === undefined) return errorAnswer(Code.NOT_FOUND, `no message ${shorten(asked.value)}`);
      const value = { baseTypeName, extensionNumber: [...numbers] };
      return { case: "allExtensionNumbersResponse", value };
    }
    case "listServices":
      return { case: "listServicesResponse", value: services };
    default:
      return errorAnswer(Code.UNIMPLEMENTED, "the request asks for nothing that this service knows");
  }
}

/** Some clients write type names as descriptors do, `.google.protobuf.MethodOptions`. */
function plainName(name: string): string {
  return name.startsWith(".") ? name.slice(1) : name;
}

function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

function filesAnswer(
  file: FoundFile | undefined,
  asked: string,
  lookup: FileLookup,
  sent: Set<string>,
): Answer {
  if (file === undefined) return errorAnswer(Code.NOT_FOUND, `no ${asked}`);
  const files = withImports(file, lookup, sent);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: files } };
}

/** Clients take messages of up to 4 MiB unless told otherwise; the rest is for the request, which is sent back. */
const maxFilesBytes = 3 * 1024 * 1024;

/**
 * The bytes of a file, always, and of those it imports at any depth.
 * @param sent names of files that the client has, each with all its imports; added to
 */
function withImports(root: FoundFile, lookup: FileLookup, sent: Set<string>): Uint8Array[] {
  const rootOnly = [root.bytes];
  if (sent.has(root.name)) return rootOnly;
  const files = new Map([[root.name, root]]);
  let bytes = root.bytes.length;
  // A map's entries include what is added on the way.
  for (const { imports } of files.values()) {
    for (const name of imports) {
      const file = sent.has(name) || files.has(name) ? undefined : lookup.fileNamed(name);
      if (file === undefined) continue;
      bytes += file.bytes.length;
      if (bytes > maxFilesBytes) return rootOnly;
      files.set(name, file);
    }
  }
  for (const name of files.keys()) sent.add(name);
  return [...files.values()].map((file) => file.bytes);
}
