// The contract of what calls backends. Two transports implement `Transport`; everything above sees an `Upstream`.
import type { Handler } from "../rpc/call.ts";

/** The words and meaning of the gRPC connectivity states. */
export type ChannelState = "idle" | "connecting" | "ready" | "transient_failure" | "shutdown";

export interface ChannelStatus {
  readonly state: ChannelState;
  /** When the state began, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why the last attempt to connect failed; absent when it did not. */
  readonly lastError?: string;
}

/** A host name or an IP address without brackets, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a backend is: `localhost:50051`, cleartext HTTP/2 or TLS. */
export interface Target extends Address {
  readonly tls: boolean;
}

/** What grpc.health.v1 says of an endpoint; `unknown` where it was not asked or has not answered. */
export type EndpointHealth = "unknown" | "serving" | "not_serving";

/** One place that an upstream's calls go to. */
export interface EndpointStatus extends ChannelStatus {
  /** `10.0.0.7:50051` */
  readonly address: string;
  /** The name that has this address, as configured; absent where the address itself is. */
  readonly host?: string;
  /** Calls that were sent and have not ended, streams included. */
  readonly inFlightCount: number;
  /** Calls that have ended, and those of them that count as failures of the endpoint. */
  readonly endedCount: number;
  readonly failedCount: number;
  /** How many connections are open, of how many there may be. */
  readonly readyCount: number;
  readonly connectionCount: number;
  readonly health: EndpointHealth;
  /** Why the last check failed. */
  readonly healthError?: string;
  /** Gets no calls until then, milliseconds since the epoch, because it failed where others did not. */
  readonly ejectedUntilMs?: number;
  /** How often it was ejected. */
  readonly ejectionCount: number;
  /** No longer among the upstream's addresses: its calls end, and it gets no more. */
  readonly leaving: boolean;
}

/** Carries calls to one target over connections that it opens lazily and reopens with backoff. */
export interface Transport {
  /**
   * Sends a call and resolves with the reply. Respects the call's signal (the backend call is cancelled) and forwards
   * its deadline as `grpc-timeout`.
   * @throws RpcError the backend's status, or UNAVAILABLE when it cannot be reached
   */
  readonly invoke: Handler;
  status(): ChannelStatus;
  /** Calls the listener at each change of state until the returned function is called. */
  onStatus(listener: (status: ChannelStatus) => void): () => void;
  /** Starts connecting without a call, and keeps connected from then on. */
  connect(): void;
  /** What it is composed of; absent where it is one connection. */
  endpoints?(): readonly EndpointStatus[];
  /** Refuses new calls, lets running ones end, then closes the connections. Idempotent. */
  close(): Promise<void>;
}

export interface Upstream {
  /** As given in the config, or `host:port`. */
  readonly name: string;
  readonly target: Target;
  readonly transport: Transport;
}
