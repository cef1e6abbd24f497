// The demo backend: `startLibraryServer` for tests and tools, `node examples/library/server.ts [--port N]` as its own
// process, which is how `npm start` runs it before the gateway.
import { parseArgs } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { Library } from "./gen/library_pb.ts";
import { addService } from "./grpc-service.ts";
import { createHealthHandlers } from "./health.ts";
import { createLibraryHandlers } from "./library.ts";
import { createReflectionHandlers, reflectionAlphaName } from "./reflection.ts";
import { createSeededStore } from "./seed.ts";

export interface LibraryServerOptions {
  /** 0 = any free one, the default. */
  readonly port?: number;
  /** `127.0.0.1` by default: the demo has no access control. */
  readonly host?: string;
  /** Clock of all timestamps but those of the seed, which are fixed. */
  readonly now?: () => Date;
}

export interface LibraryServer {
  readonly port: number;
  /** Lets running calls finish for half a second, then ends them. */
  close(): Promise<void>;
}

/** How long `close` waits for calls; a watched stream never ends by itself. */
const graceMs = 500;

/** Far more than a demo needs, and an end to what one connection can hold open. */
const maxStreamsPerConnection = 1000;

/** Starts a freshly filled library, with reflection and health. */
export async function startLibraryServer(options: LibraryServerOptions = {}): Promise<LibraryServer> {
  const store = createSeededStore(options.now);
  const services = [Library.typeName, Health.typeName, ServerReflection.typeName, reflectionAlphaName];
  const server = new Server({ "grpc.max_concurrent_streams": maxStreamsPerConnection });
  addService(server, Library, createLibraryHandlers(store));
  addService(server, Health, createHealthHandlers(services));
  addService(server, ServerReflection, createReflectionHandlers(services));
  addService(server, ServerReflection, createReflectionHandlers(services), reflectionAlphaName);
  const port = await listen(server, `${options.host ?? "127.0.0.1"}:${options.port ?? 0}`);
  return { port, close: () => close(server) };
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

const usage = `usage: node examples/library/server.ts [--port N] [--host HOST] [--stdin]

  --port N     port to listen on; 0, the default, takes any free one
  --host HOST  address to listen on; 127.0.0.1 by default
  --stdin      exit when standard input ends
`;

async function main(): Promise<void> {
  const { port, host, stdin } = parseFlags();
  const server = await startLibraryServer({ port, host });
  process.stdout.write(`library demo backend on ${host}:${server.port}\n`);

  const stop = async (): Promise<never> => {
    await server.close();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  // A parent that is there to the end also decides when the end is; without one, nobody is left to serve.
  if (process.connected) process.once("disconnect", stop);
  if (stdin) process.stdin.once("close", stop).resume();
  // Ctrl-C reaches the whole group: a gateway that started us drains first, and needs us for that.
  process.on("SIGINT", process.connected || stdin ? () => {} : stop);
}

function parseFlags(): { port: number; host: string; stdin: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string", default: "127.0.0.1" },
        stdin: { type: "boolean", default: false },
      },
    });
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535) {
      throw new Error(`--port: expected 0 to 65535, got '${values.port}'`);
    }
    return { ...values, port: Number(values.port) };
  } catch (reason) {
    process.stderr.write(`${reason instanceof Error ? reason.message : reason}\n\n${usage}`);
    process.exit(2);
  }
}

if (import.meta.main) {
  main().catch((reason) => {
    process.stderr.write(`library: ${reason instanceof Error ? reason.message : reason}\n`);
    process.exit(1);
  });
}
