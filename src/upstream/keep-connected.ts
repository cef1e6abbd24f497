// Keeps a channel connected once it was asked to connect. grpc-js goes idle when a connection ends and stays so until
// the next call, so that a backend's return would show nowhere and its first caller would wait.
import type { ChannelInterface } from "@grpc/grpc-js";
import type { ChannelWatch } from "./channel-watch.ts";

export interface ConnectionKeeper {
  /** Connects now, and again whenever the channel goes idle. */
  start(): void;
  stop(): void;
}

/** @param pauseMs between a lost connection and the next attempt, as a backend may close each one it accepts */
export function keepConnected(
  channel: ChannelInterface,
  watch: ChannelWatch,
  pauseMs: number,
): ConnectionKeeper {
  let started = false;
  let timer: NodeJS.Timeout | undefined;
  const unsubscribe = watch.onStatus(({ state }) => {
    if (!started || state !== "idle") return;
    clearTimeout(timer);
    timer = setTimeout(() => channel.getConnectivityState(true), pauseMs);
    timer.unref();
  });
  return {
    start() {
      started = true;
      channel.getConnectivityState(true);
    },
    stop() {
      started = false;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
