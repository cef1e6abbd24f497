// Sets of endpoints before real backends on addresses of this machine.
import {
  createEndpointSet,
  type EndpointSet,
  type EndpointSetOptions,
} from "../../src/upstream/endpoint-set.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import type { EndpointStatus, Target } from "../../src/upstream/upstream.ts";
import { type Backend, type BackendHandlers, startBackend } from "../contract/transport-backend.ts";

export type TestSet = EndpointSet & AsyncDisposable;

/** A set that reconnects quickly and is closed at the end of its test. */
export function createSet(options: Omit<EndpointSetOptions, "createTransport">): TestSet {
  const set = createEndpointSet({
    ...options,
    createTransport: (place) => createGrpcJsTransport({ ...place, reconnect: { initialMs: 20, maxMs: 50 } }),
  });
  return { ...set, [Symbol.asyncDispose]: () => set.close() };
}

export interface CountedBackend extends Backend {
  readonly address: string;
  /** The texts of the requests it has seen. */
  readonly seen: string[];
}

/** Echoes; `over` replaces methods. */
export async function startCounted(
  options: Parameters<typeof startBackend>[1] = {},
  over: BackendHandlers = {},
): Promise<CountedBackend> {
  const seen: string[] = [];
  const backend = await startBackend(
    {
      Unary(call, callback) {
        seen.push(call.request.toString());
        callback(null, call.request);
      },
      Bidi(call) {
        call.on("data", (message: Buffer) => {
          seen.push(message.toString());
          call.write(message);
        });
        call.on("end", () => call.end());
        call.on("error", () => {});
      },
      ...over,
    },
    options,
  );
  const { host, port } = backend.target;
  return Object.assign(backend, { address: `${host}:${port}`, seen });
}

export const targetsOf = (backends: readonly { readonly target: Target }[]): Target[] =>
  backends.map(({ target }) => target);

/** Resolves when the endpoints are as wanted; the test's own timeout is the limit. */
export async function endpointsWhen(
  set: EndpointSet,
  wanted: (endpoints: readonly EndpointStatus[]) => boolean,
): Promise<readonly EndpointStatus[]> {
  for (;;) {
    const endpoints = set.endpoints();
    if (wanted(endpoints)) return endpoints;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function allReady(set: EndpointSet, count: number): Promise<void> {
  set.connect();
  await endpointsWhen(
    set,
    (endpoints) => endpoints.length === count && endpoints.every(({ state }) => state === "ready"),
  );
}
