// An upstream of several endpoints as one transport: it finds their addresses, keeps each connected, picks one for each
// call, and lets go of those that are gone when their calls have ended.
// Sources: gRPC, "Load Balancing" (https://github.com/grpc/grpc/blob/master/doc/load-balancing.md); gRFCs A48 and A50.
import type { Handler } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { discardMessages } from "../rpc/stream.ts";
import { createAddressBook, type Place } from "./address-book.ts";
import { combineStatuses, isNews } from "./combine-status.ts";
import { NotConnected } from "./connect-failure.ts";
import { type CreateEndpointTransport, createEndpoint, type Endpoint } from "./endpoint.ts";
import { type Balancing, createEndpointPicker, createTurn, type EndpointPicker } from "./endpoint-picker.ts";
import { refusalOf } from "./grpc-js-call.ts";
import type { HealthCheckOptions } from "./health-check.ts";
import { createOutlierDetector, type OutlierOptions, outlierDefaults } from "./outlier-ejection.ts";
import { createSender, type Destinations } from "./send-call.ts";
import type { ChannelStatus, EndpointStatus, Target, Transport } from "./upstream.ts";
import { createWaitingCalls } from "./waiting-calls.ts";
import type { ResolutionOptions, ResolveHost } from "./watch-addresses.ts";

export interface EndpointSetOptions {
  /** At least one. An IP address and `localhost` are one endpoint, another name one for each of its addresses. */
  readonly targets: readonly Target[];
  /** Makes one connection to a place. */
  readonly createTransport: CreateEndpointTransport;
  /** Default `round_robin`. */
  readonly balancing?: Balancing;
  /** Connections to each endpoint; a call takes the one with the fewest calls. Default 1. */
  readonly connections?: number;
  /** Endpoints at most; what a name has beyond them is not used. Default 256. */
  readonly maxEndpoints?: number;
  /** Which endpoints are taken out for failing where others do not; `false` = none ever. */
  readonly outliers?: OutlierOptions | false;
  /** Asks each endpoint how it is by grpc.health.v1; absent = does not ask. */
  readonly health?: HealthCheckOptions;
  readonly resolution?: ResolutionOptions;
  /** Default: the system's `getaddrinfo`. */
  readonly resolveHost?: ResolveHost;
  /** Clock of ejections, in milliseconds; `performance.now` by default. */
  readonly now?: () => number;
  /** 0 to 1; `Math.random` by default. */
  readonly random?: () => number;
}

export interface EndpointSet extends Transport {
  /** Those that are leaving come last. */
  endpoints(): readonly EndpointStatus[];
}

/** Nothing is ever an outlier. */
const neverEjecting = {
  consecutiveFailures: Number.POSITIVE_INFINITY,
  failurePercent: Number.POSITIVE_INFINITY,
};

/**
 * Creates the transport; it resolves names and connects at the first call or `connect()`.
 * @throws Error for TLS material that cannot be read
 */
export function createEndpointSet(options: EndpointSetOptions): EndpointSet {
  const {
    balancing = "round_robin",
    connections = 1,
    outliers,
    resolution,
    resolveHost,
    health,
    random,
  } = options;
  const now = options.now ?? (() => performance.now());
  const detector = createOutlierDetector(outliers === false ? neverEjecting : outliers, now);
  const turn = createTurn(random);
  const waiting = createWaitingCalls();
  const listeners = new Set<(status: ChannelStatus) => void>();
  const endpoints = new Map<string, Endpoint>();
  /** Those that are gone and still have calls, with when they are over. */
  const leaving = new Map<Endpoint, Promise<void>>();
  let picker: EndpointPicker<Endpoint> | undefined;
  let status: ChannelStatus = { state: "idle", sinceMs: Date.now() };
  let active = false;
  let sweeper: NodeJS.Timeout | undefined;
  let closed: Promise<void> | undefined;

  const book = createAddressBook(options.targets, {
    maxCount: options.maxEndpoints ?? 256,
    ...(resolution && { resolution }),
    ...(resolveHost && { resolveHost }),
    onChange: () => {
      settle();
      renew();
    },
  });

  const createAt = (place: Place): Endpoint =>
    createEndpoint({
      place,
      createTransport: options.createTransport,
      connections,
      detector,
      ...(health && { health }),
      now,
      onChange({ state }) {
        if (state === "transient_failure" || state === "idle") book.lost(place);
        renew();
      },
    });

  /** Makes the endpoints those of the address book. */
  const settle = (): void => {
    const places = book.places();
    for (const [key, endpoint] of endpoints) {
      if (places.has(key)) continue;
      endpoints.delete(key);
      const over = endpoint.close().finally(() => leaving.delete(endpoint));
      leaving.set(endpoint, over);
    }
    for (const [key, place] of places) {
      if (endpoints.has(key)) continue;
      const endpoint = createAt(place);
      endpoints.set(key, endpoint);
      if (active) endpoint.connect();
    }
  };

  /** Makes picker and status those of the endpoints as they are now, and wakes the calls that can go on. */
  const renew = (): void => {
    const all = [...endpoints.values()];
    picker =
      all.length === 0
        ? undefined
        : createEndpointPicker(all, { balancing, turn, ...(random && { random }) });
    const before = status;
    status =
      combineStatuses(all.map((endpoint) => endpoint.channelStatus())) ?? statusWithoutEndpoint(status);
    if (isNews(before, status)) for (const listener of [...listeners]) listener(status);
    if (waiting.size > 0 && destinations.pick().kind !== "wait") waiting.wake();
  };
  const statusWithoutEndpoint = ({ state, sinceMs }: ChannelStatus): ChannelStatus => {
    const lastError = book.failure();
    const next = lastError !== undefined ? "transient_failure" : active ? "connecting" : "idle";
    return {
      state: next,
      sinceMs: state === next ? sinceMs : Date.now(),
      ...(lastError !== undefined && { lastError }),
    };
  };

  const destinations: Destinations = {
    pick() {
      if (picker) return picker.pick();
      const failure = book.failure();
      return failure === undefined ? { kind: "wait" } : { kind: "none", error: unresolvable(failure) };
    },
    onWait() {
      for (const endpoint of endpoints.values()) if (endpoint.state === "idle") endpoint.connect();
    },
    waiting,
  };
  const sender = createSender(destinations);
  const invoke: Handler = (call) => {
    const refusal = refusalOf(call, closed !== undefined);
    if (refusal) {
      discardMessages(call);
      return Promise.reject(refusal);
    }
    activate();
    return sender(call);
  };

  const activate = (): void => {
    if (active) return;
    active = true;
    if (outliers !== false) {
      const intervalMs = outliers?.intervalMs ?? outlierDefaults.intervalMs;
      sweeper = setInterval(() => detector.sweep() && renew(), intervalMs).unref();
    }
    book.start();
    for (const endpoint of endpoints.values()) endpoint.connect();
    renew();
  };
  const close = async (): Promise<void> => {
    if (waiting.size > 0) await waiting.drained();
    book.stop();
    clearInterval(sweeper);
    await Promise.all([...[...endpoints.values()].map((endpoint) => endpoint.close()), ...leaving.values()]);
    status = { state: "shutdown", sinceMs: Date.now() };
  };

  settle();
  renew();
  const [first] = endpoints.values();
  const only = book.fixed && endpoints.size === 1 && connections === 1 ? first : undefined;
  return {
    // Where there is nothing to pick, nothing stands between a call and its endpoint.
    invoke: only?.invoke ?? invoke,
    status: () => status,
    onStatus(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    connect() {
      if (!closed) activate();
    },
    endpoints: () => [...endpoints.values(), ...leaving.keys()].map((endpoint) => endpoint.status()),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function unresolvable(failure: string): RpcError {
  const reason = failure.replace(/ \(.*/s, "");
  return new RpcError(Code.UNAVAILABLE, `cannot reach the backend: ${reason}`, {
    cause: new NotConnected(failure),
  });
}
