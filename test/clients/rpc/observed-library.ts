// The demo library as a backend that lets clients see what it saw of them: metadata that is asked for comes back as
// header and trailer of any method, and a call with a tag can be asked after.
import {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { Library } from "../../../examples/library/gen/library_pb.ts";
import { addService } from "../../../examples/library/grpc-service.ts";
import { createHealthHandlers } from "../../../examples/library/health.ts";
import { createLibraryHandlers } from "../../../examples/library/library.ts";
import { createReflectionHandlers } from "../../../examples/library/reflection.ts";
import { createSeededStore } from "../../../examples/library/seed.ts";
import { Code } from "../../../src/gen/google/rpc/code_pb.ts";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../src/gen/grpc/reflection/v1/reflection_pb.ts";

export type CallState = "unknown" | "open" | "ended" | "cancelled";

export interface ObservedLibrary {
  readonly port: number;
  /** What each call of a method had in its metadata under that name, in order; `""` = nothing. */
  metadataOf(method: string, name: string): string[];
  close(): void;
}

/** Metadata whose names begin so comes back: `echo-head-x` as header, `echo-trail-x` as trailer, `-bin` ones too. */
const echoHead = "echo-head-";
const echoTrail = "echo-trail-";
/** The call's name for `Inspect` with the path `calls/NAME`, which answers its state as the path. */
const tagName = "call-tag";
/** How many times `Inspect` fails with UNAVAILABLE before it succeeds, counted by tag: what retries are seen by. */
const failFirstName = "fail-first";

export async function startObservedLibrary(): Promise<ObservedLibrary> {
  const states = new Map<string, CallState>();
  const attempts = new Map<string, number>();
  const handlers = createLibraryHandlers(createSeededStore());
  const calls: { readonly method: string; readonly metadata: Metadata }[] = [];
  const server = new Server({ interceptors: [observe(states, calls)] });
  addService(server, Library, {
    ...handlers,
    inspect(request, call) {
      const tag = /^calls\/(.+)$/.exec(request.path)?.[1];
      if (tag !== undefined) return { path: states.get(tag) ?? "unknown" };
      const attempt = (attempts.get(textOf(call.metadata, tagName)) ?? 0) + 1;
      attempts.set(textOf(call.metadata, tagName), attempt);
      const failures = Number(textOf(call.metadata, failFirstName));
      return handlers.inspect(
        attempt <= failures ? { ...request, failWith: Code.UNAVAILABLE } : request,
        call,
      );
    },
  });
  const services = [Library.typeName, Health.typeName, ServerReflection.typeName];
  addService(server, Health, createHealthHandlers(services));
  addService(server, ServerReflection, createReflectionHandlers(services));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    metadataOf: (method, name) =>
      calls.filter((call) => call.method === method).map(({ metadata }) => textOf(metadata, name)),
    close: () => server.forceShutdown(),
  };
}

function textOf(metadata: Metadata, name: string): string {
  return String(metadata.get(name)[0] ?? "");
}

function observe(
  states: Map<string, CallState>,
  calls: { readonly method: string; readonly metadata: Metadata }[],
): ServerInterceptor {
  return ({ path }, call) => {
    let asked = new Metadata();
    let tag = "";
    const end = (state: CallState): void => {
      if (tag !== "" && states.get(tag) === "open") states.set(tag, state);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, nextMetadata) {
            asked = metadata;
            calls.push({ method: path.slice(path.lastIndexOf("/") + 1), metadata });
            tag = textOf(metadata, tagName);
            if (tag !== "") states.set(tag, "open");
            nextMetadata(metadata);
          },
          onCancel: () => end("cancelled"),
        }),
      sendMetadata(metadata, next) {
        copy(asked, metadata, echoHead);
        next(metadata);
      },
      sendStatus(status, next) {
        end("ended");
        const metadata = status.metadata ?? new Metadata();
        copy(asked, metadata, echoTrail);
        next({ ...status, metadata });
      },
    });
  };
}

function copy(from: Metadata, to: Metadata, prefix: string): void {
  for (const name of Object.keys(from.getMap())) {
    if (!name.startsWith(prefix)) continue;
    for (const value of from.get(name)) to.add(name, value);
  }
}
