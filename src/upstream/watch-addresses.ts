// The addresses behind a host name, kept fresh: asked for again each interval, and sooner when an endpoint is lost. Once
// there were some, they stay in use while the name cannot be resolved: a name server that is down is no reason to stop.
// Source: gRPC name resolution (https://github.com/grpc/grpc/blob/master/doc/naming.md).
import { lookup } from "node:dns/promises";
import { isAddress } from "./target.ts";

/** All IPv4 and IPv6 addresses of a host; fails or is empty where there is none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

export interface ResolutionOptions {
  /** Time between two resolutions. Default 30 s: `getaddrinfo`, which knows /etc/hosts, does not tell how long names live. */
  readonly intervalMs?: number;
  /** The least time between two resolutions, whatever is lost. Default 5 s. */
  readonly minPauseMs?: number;
}

export interface AddressWatch {
  /** Resolves for the first time. Idempotent. */
  start(): void;
  /** Resolves now, or as soon as the pause after the last time allows; nothing before `start`. */
  refresh(): void;
  stop(): void;
}

export interface AddressListener {
  onAddresses(hosts: readonly string[]): void;
  /** `host name not found` */
  onFailure(reason: string): void;
}

export const resolutionDefaults = { intervalMs: 30_000, minPauseMs: 5_000 } satisfies ResolutionOptions;

/** The first pause after a resolution that failed; it doubles with each, up to the least pause. */
const firstPauseMs = 500;

export function watchAddresses(
  host: string,
  listener: AddressListener,
  options: ResolutionOptions = {},
  resolveHost: ResolveHost = lookupAll,
): AddressWatch {
  const { intervalMs, minPauseMs } = { ...resolutionDefaults, ...options };
  let state: "new" | "resolving" | "waiting" | "stopped" = "new";
  let failureCount = 0;
  let endedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const wait = (pauseMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void resolve(), pauseMs);
    timer.unref();
  };
  const resolve = async (): Promise<void> => {
    state = "resolving";
    const outcome = await addressesOf(host, resolveHost);
    if (isStopped()) return;
    state = "waiting";
    endedAtMs = performance.now();
    const failed = typeof outcome === "string";
    failureCount = failed ? failureCount + 1 : 0;
    // Many gateways that started together should not ask together for ever.
    const usualMs = intervalMs * (0.9 + Math.random() * 0.2);
    const growingMs = firstPauseMs * 2 ** Math.min(failureCount - 1, 16);
    wait(failed ? Math.min(usualMs, growingMs, Math.max(minPauseMs, firstPauseMs)) : usualMs);
    if (failed) listener.onFailure(outcome);
    else listener.onAddresses(outcome);
  };
  const isStopped = (): boolean => state === "stopped";

  return {
    start() {
      if (state === "new") void resolve();
    },
    refresh() {
      // After a failure its own pause is running, which is the shorter one at first and must not be cut short later.
      if (state !== "waiting" || failureCount > 0) return;
      wait(Math.max(0, endedAtMs + minPauseMs - performance.now()));
    },
    stop() {
      state = "stopped";
      clearTimeout(timer);
    },
  };
}

/** The addresses, each once and in a fixed order, or why there are none. */
async function addressesOf(host: string, resolveHost: ResolveHost): Promise<readonly string[] | string> {
  try {
    const found = new Set((await resolveHost(host)).filter(isAddress));
    return found.size > 0 ? [...found].sort() : "host name not found";
  } catch {
    return "host name not found";
  }
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}
