// The state of a grpc-js channel as a status that can be read at any time, with the reason of a failure to connect,
// which grpc-js tells nobody but the calls that fail by it. Source: gRPC, "Connectivity Semantics and API"
// (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md).
import { type ChannelInterface, Metadata } from "@grpc/grpc-js";
import { formatConnectFailure, parseConnectFailure } from "./connect-failure.ts";
import type { ChannelState, ChannelStatus } from "./upstream.ts";

export interface ChannelWatch {
  status(): ChannelStatus;
  onStatus(listener: (status: ChannelStatus) => void): () => void;
  /** Tells the watch what a call failed with that found no connection. */
  sawFailure(details: string): void;
}

/** In the order of grpc-js's numbers. */
const states: readonly ChannelState[] = ["idle", "connecting", "ready", "transient_failure", "shutdown"];

/** @param target in words, for a failure that names no address */
export function watchChannel(channel: ChannelInterface, target: string): ChannelWatch {
  const listeners = new Set<(status: ChannelStatus) => void>();
  let grpcState = channel.getConnectivityState(false);
  let status: ChannelStatus = { state: states[grpcState] ?? "idle", sinceMs: Date.now() };
  /** A failure that nobody was told of yet, as its reason is being asked for. */
  let untold: ChannelStatus | undefined;

  const tell = (): void => {
    for (const listener of [...listeners]) listener(status);
  };
  const lastErrorOf = (details: string): string | undefined => {
    const failure = parseConnectFailure(details, target);
    return failure && formatConnectFailure(failure);
  };
  const onChange = (): void => {
    grpcState = channel.getConnectivityState(false);
    const state = states[grpcState] ?? "shutdown";
    const { lastError } = status;
    // The last failure stays in sight while the next attempt runs.
    const kept = state === "connecting" || state === "idle" ? lastError : undefined;
    status = { state, sinceMs: Date.now(), ...(kept !== undefined && { lastError: kept }) };
    if (state !== "shutdown") channel.watchConnectivityState(grpcState, Number.POSITIVE_INFINITY, onChange);
    untold = undefined;
    if (state !== "transient_failure") {
      tell();
      return;
    }
    const failed = status;
    untold = failed;
    askWhy(channel, (details) => {
      if (untold !== failed) return;
      untold = undefined;
      const reason = lastErrorOf(details);
      if (reason !== undefined) status = { ...failed, lastError: reason };
      tell();
    });
  };
  channel.watchConnectivityState(grpcState, Number.POSITIVE_INFINITY, onChange);

  return {
    status: () => status,
    onStatus(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    sawFailure(details) {
      if (status.state !== "transient_failure") return;
      const lastError = lastErrorOf(details);
      if (lastError === undefined) return;
      status = { ...status, lastError };
      if (untold === undefined) return;
      untold = undefined;
      tell();
    },
  };
}

/**
 * Asks a channel in transient failure for the text that its calls fail with, by a call of that sort. The call is
 * picked, and so fails, before any input is read; it is never sent.
 */
function askWhy(channel: ChannelInterface, answer: (details: string) => void): void {
  const call = channel.createCall("/protogate.Probe/Why", Number.POSITIVE_INFINITY, null, null, undefined);
  call.start(new Metadata(), {
    onReceiveMetadata() {},
    onReceiveMessage() {},
    onReceiveStatus: (end) => answer(end.details),
  });
  // Two turns later it has failed; where it has not, grpc-js has queued it, and it must not wait for a connection.
  setImmediate(() => setImmediate(() => call.cancelWithStatus(1, "")));
}
