// One endpoint of an upstream: its connections, what is known of its health, and what is counted of its calls.
import type { Handler } from "../rpc/call.ts";
import type { Place } from "./address-book.ts";
import { combineStatuses, isNews } from "./combine-status.ts";
import { isUnsent } from "./connect-failure.ts";
import type { Candidate } from "./endpoint-picker.ts";
import type { CallObserver } from "./grpc-js-transport.ts";
import { createHealthCheck, type HealthCheckOptions, healthCheckMethod } from "./health-check.ts";
import type { OutlierDetector } from "./outlier-ejection.ts";
import { formatTarget } from "./target.ts";
import type { ChannelStatus, EndpointHealth, EndpointStatus, Transport } from "./upstream.ts";

export type CreateEndpointTransport = (place: Place & { readonly observer: CallObserver }) => Transport;

export interface EndpointOptions {
  readonly place: Place;
  readonly createTransport: CreateEndpointTransport;
  readonly connections: number;
  readonly detector: OutlierDetector;
  /** Absent = not asked. */
  readonly health?: HealthCheckOptions;
  readonly now: () => number;
  /** The state, the health or the ejection is another. */
  readonly onChange: (endpoint: Endpoint) => void;
}

export interface Endpoint extends Candidate {
  readonly place: Place;
  readonly invoke: Handler;
  channelStatus(): ChannelStatus;
  status(): EndpointStatus;
  connect(): void;
  /** It gets no more calls; resolves when those it has are over and its connections closed. Idempotent. */
  close(): Promise<void>;
}

interface Connection {
  readonly transport: Transport;
  readonly count: { inFlight: number };
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { place, detector, now } = options;
  const record = detector.add();
  let health: EndpointHealth = "unknown";
  let healthError: string | undefined;
  let leaving: Promise<void> | undefined;

  const createConnection = (): Connection => {
    const count = { inFlight: 0 };
    const observer: CallObserver = {
      began(method) {
        if (method !== healthCheckMethod) count.inFlight++;
      },
      ended(method, error) {
        if (method === healthCheckMethod) return;
        count.inFlight--;
        if (isUnsent(error)) return;
        if (detector.ended(record, error?.code ?? 0)) options.onChange(endpoint);
      },
    };
    return { transport: options.createTransport({ ...place, observer }), count };
  };
  const connections = Array.from({ length: options.connections }, createConnection);
  const only = connections.length === 1 ? connections[0] : undefined;
  const combine = (): ChannelStatus =>
    combineStatuses(connections.map(({ transport }) => transport.status())) ?? {
      state: "shutdown",
      sinceMs: Date.now(),
    };
  let current = combine();

  const invoke: Handler = only?.transport.invoke ?? ((call) => leastUsed(connections).transport.invoke(call));
  const check =
    options.health &&
    createHealthCheck(
      invoke,
      (told, error) => {
        const changed = told !== health;
        health = told;
        healthError = error;
        if (changed) options.onChange(endpoint);
      },
      options.health,
    );

  const unsubscribes = connections.map(({ transport }) =>
    transport.onStatus(() => {
      const before = current;
      current = combine();
      if (!isNews(before, current)) return;
      if (current.state === "ready" && !leaving) check?.start();
      else check?.stop();
      options.onChange(endpoint);
    }),
  );

  const close = async (): Promise<void> => {
    check?.stop();
    detector.remove(record);
    await Promise.all(connections.map(({ transport }) => transport.close()));
    for (const unsubscribe of unsubscribes) unsubscribe();
  };

  const endpoint: Endpoint = {
    place,
    invoke,
    get state() {
      return current.state;
    },
    get health() {
      return health;
    },
    get ejected() {
      return record.ejectedUntilMs !== undefined;
    },
    get inFlightCount() {
      return only ? only.count.inFlight : connections.reduce((sum, { count }) => sum + count.inFlight, 0);
    },
    channelStatus: () => current,
    status() {
      const { ejectedUntilMs } = record;
      return {
        ...combine(),
        address: formatTarget(place.address ?? place.target),
        ...(place.address && { host: place.target.host }),
        inFlightCount: endpoint.inFlightCount,
        endedCount: record.endedCount,
        failedCount: record.failedCount,
        readyCount: connections.filter(({ transport }) => transport.status().state === "ready").length,
        connectionCount: connections.length,
        health,
        ...(healthError !== undefined && { healthError }),
        ...(ejectedUntilMs !== undefined && {
          ejectedUntilMs: Math.round(Date.now() + ejectedUntilMs - now()),
        }),
        ejectionCount: record.ejectionCount,
        leaving: leaving !== undefined,
      };
    },
    connect() {
      for (const { transport } of connections) transport.connect();
    },
    close() {
      leaving ??= close();
      return leaving;
    },
  };
  return endpoint;
}

/** The connection with the fewest calls, of those that stand where any does. */
function leastUsed(connections: readonly Connection[]): Connection {
  let best: Connection | undefined;
  let bestReady = false;
  for (const connection of connections) {
    const ready = connection.transport.status().state === "ready";
    const better =
      best === undefined || ready !== bestReady
        ? best === undefined || ready
        : connection.count.inFlight < best.count.inFlight;
    if (better) [best, bestReady] = [connection, ready];
  }
  if (best === undefined) throw new Error("an endpoint needs a connection");
  return best;
}
