// Reads the schema of a backend through server reflection: one stream per read, raw descriptor bytes kept as they come.
// Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
import { codeName } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { isBuiltinFile } from "./builtin-files.ts";
import { declaredSymbols } from "./declared-symbols.ts";
import type { ReflectionResponse } from "./decode-reflection-response.ts";
import { parseFile } from "./parse-file.ts";
import { isGatewayService, isPlaceholder } from "./parse-input.ts";
import { createProblemList } from "./problem-list.ts";
import {
  createReflectionSession,
  type ReflectionQuestion,
  type ReflectionSession,
  type ReflectionSessionOptions,
} from "./reflection-session.ts";
import { defaultSchemaLimits, type SchemaLimits } from "./schema-limits.ts";
import { shorten } from "./shorten.ts";
import type { SchemaFile, SchemaReading } from "./source.ts";

export interface ReflectionReadOptions extends ReflectionSessionOptions {
  /** For problems: `upstream library (localhost:50051)`. */
  readonly place: string;
  readonly limits?: SchemaLimits;
}

/** Services asked for in one read. */
const maxServices = 10_000;

/** Names of imports that are remembered in one read. */
const maxImports = 50_000;

/**
 * Reads a backend's schema once. What it cannot tell about single services and files becomes a problem of the reading;
 * imports that it does not have are passed over, as most of them are only used by options.
 * @throws RpcError UNIMPLEMENTED when it does not offer this version of reflection, else whatever ended the stream
 */
export async function readByReflection(options: ReflectionReadOptions): Promise<SchemaReading> {
  const session = createReflectionSession(options);
  try {
    return await converse(session, options.place, options.limits ?? defaultSchemaLimits);
  } finally {
    await session.close();
  }
}

async function converse(
  session: ReflectionSession,
  place: string,
  limits: SchemaLimits,
): Promise<SchemaReading> {
  const problems = createProblemList();
  const services = await listServices(session);
  if (services.length > maxServices) {
    problems.add(place, `offers ${services.length} services, of which ${maxServices} are read`);
    services.length = maxServices;
  }
  const collected = createCollection(limits, (message) => problems.add(place, message));

  const take = async (question: ReflectionQuestion, about: string, optional: boolean): Promise<void> => {
    const response = await session.ask(question);
    if (response.kind === "files") {
      for (const bytes of response.files) collected.add(bytes, about);
    } else if (!optional) problems.add(place, `has no descriptor of ${about}: ${refusalOf(response)}`);
  };
  for (const name of services) {
    if (collected.full()) break;
    if (collected.declares(name)) continue;
    await take({ case: "fileContainingSymbol", value: name }, shorten(name), false);
  }
  for (const name of collected.missingImports()) {
    if (collected.full()) break;
    await take({ case: "fileByFilename", value: name }, shorten(name), true);
  }
  return { files: collected.files(), services, problems: problems.toArray() };
}

async function listServices(session: ReflectionSession): Promise<string[]> {
  const response = await session.ask({ case: "listServices", value: "*" });
  if (response.kind === "error") throw new RpcError(response.code, response.message);
  if (response.kind !== "services") throw new RpcError(2, `its list of services is ${refusalOf(response)}`);
  return [...new Set(response.services)].filter((name) => name !== "" && !isGatewayService(name));
}

function refusalOf(response: ReflectionResponse): string {
  if (response.kind !== "error") return "an answer to another question";
  return `${codeName(response.code)}: ${shorten(response.message, 300)}`;
}

interface Collection {
  add(bytes: Uint8Array, about: string): void;
  declares(service: string): boolean;
  /** Whether a limit was reached; it has been told. */
  full(): boolean;
  /** Names to ask for; grows while it is gone through, as files bring imports of their own. */
  missingImports(): Iterable<string>;
  files(): readonly SchemaFile[];
}

function createCollection(limits: SchemaLimits, report: (message: string) => void): Collection {
  const files = new Map<string, SchemaFile>();
  const declared = new Set<string>();
  const imports = new Set<string>();
  let [byteCount, objects, full] = [0, 0, false];

  return {
    add(bytes, about) {
      if (full) return;
      const parsed = parseFile(bytes, limits);
      if ("reason" in parsed) {
        report(`sent for ${about} what is no file: ${parsed.reason}`);
        return;
      }
      const { proto } = parsed;
      if (files.has(proto.name) || isPlaceholder(proto)) return;
      byteCount += bytes.byteLength;
      objects += parsed.objects;
      full = files.size >= limits.files || byteCount > limits.bytes || objects > limits.objects;
      if (full) {
        report(
          `sends more than ${limits.files} files, ${limits.bytes} bytes or ${limits.objects} elements; the rest is left out`,
        );
        return;
      }
      // Copied: a transport may hand out pieces of buffers that are larger or used again.
      files.set(proto.name, { name: proto.name, bytes: new Uint8Array(bytes) });
      for (const symbol of declaredSymbols(proto)) if (symbol.kind === "service") declared.add(symbol.name);
      for (const name of [...proto.dependency, ...proto.optionDependency]) {
        if (imports.size < maxImports) imports.add(name);
      }
    },
    declares: (service) => declared.has(service),
    full: () => full,
    *missingImports() {
      // A set is gone through in order of insertion, including what is added on the way.
      for (const name of imports) if (!files.has(name) && !isBuiltinFile(name)) yield name;
    },
    files: () => [...files.values()],
  };
}
