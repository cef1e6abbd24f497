// What grpc.health.v1 says of a service: whether a call of it can be expected to arrive.
// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md; design.md §2.2 (health is no part of a schema).

import type { HealthStatus } from "../service/health-service.ts";
import { ownServiceNames } from "../service/own-files.ts";
import type { ChannelStatus, Upstream } from "../upstream/upstream.ts";

export interface ServiceHealthInput {
  /** Names of the upstreams that serve a service, from the snapshot in force; absent while there is none. */
  readonly upstreamsOf?: ReadonlyMap<string, readonly string[]>;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Asked for the gateway as a whole only. */
  readonly ready: () => boolean;
  readonly draining: boolean;
}

/**
 * The status of a service, or of the gateway for `""`: that is its readiness. A service is served as long as one of its
 * upstreams is not known to fail; a service that no snapshot has is unknown. While draining nothing is served.
 */
export function serviceHealth(service: string, input: ServiceHealthInput): HealthStatus {
  const known = input.upstreamsOf?.get(service);
  const own = service === "" || ownServiceNames.includes(service);
  if (!own && known === undefined) return "unknown_service";
  if (input.draining) return "not_serving";
  if (service === "") return input.ready() ? "serving" : "not_serving";
  if (own || known === undefined) return "serving";
  const serves = known.some((name) => {
    const upstream = input.upstreams.get(name);
    return upstream !== undefined && mayServe(upstream.transport.status());
  });
  return serves ? "serving" : "not_serving";
}

/**
 * A call through a channel that connects for the first time waits and then succeeds, and clients that watch would fail it
 * on a "no" here. After a failure the status says so until a connection stands.
 */
function mayServe({ state, lastError }: ChannelStatus): boolean {
  return state === "ready" || ((state === "idle" || state === "connecting") && lastError === undefined);
}
