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

/** Where a backend is: `localhost:50051`, cleartext HTTP/2 or TLS. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
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
  /** Refuses new calls, lets running ones end, then closes the connections. Idempotent. */
  close(): Promise<void>;
}

export interface Upstream {
  /** As given in the config, or `host:port`. */
  readonly name: string;
  readonly target: Target;
  readonly transport: Transport;
}
