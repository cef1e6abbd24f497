// What an upstream's keys about its endpoints come to. Defaults are those of src/upstream, which are also what
// endpoints-shape.ts tells people.
import type { Balancing } from "../upstream/endpoint-picker.ts";
import type { HealthCheckOptions } from "../upstream/health-check.ts";
import type { OutlierOptions } from "../upstream/outlier-ejection.ts";
import type { ResolutionOptions } from "../upstream/watch-addresses.ts";
import type { EndpointsLayer } from "./endpoints-shape.ts";

/** Options of `createEndpointSet`. */
export interface EndpointsConfig {
  readonly balancing: Balancing;
  readonly connections: number;
  readonly resolution: ResolutionOptions;
  /** Absent = endpoints are not asked how they are. Their header is the upstream's. */
  readonly health?: HealthCheckOptions;
  /** `false` = none is ever taken out. */
  readonly outliers: OutlierOptions | false;
}

export function decideEndpoints(layer: EndpointsLayer): EndpointsConfig {
  const { balancing = "round_robin", connections = 1, dns, healthCheck, outliers } = layer;
  return {
    balancing,
    connections,
    resolution: given({ intervalMs: dns?.interval }),
    ...(healthCheck !== undefined && healthCheck.enabled !== false && { health: decideHealth(healthCheck) }),
    outliers: outliers?.enabled === false ? false : decideOutliers(outliers ?? {}),
  };
}

function decideHealth({
  service,
  interval,
  timeout,
}: NonNullable<EndpointsLayer["healthCheck"]>): HealthCheckOptions {
  return given({ service, intervalMs: interval, timeoutMs: timeout });
}

function decideOutliers(outliers: NonNullable<EndpointsLayer["outliers"]>): OutlierOptions {
  const { enabled: _, interval, ejection, maxEjection, ...counts } = outliers;
  return given({ ...counts, intervalMs: interval, ejectionMs: ejection, maxEjectionMs: maxEjection });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(group: T): Given<T> {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)) as Given<T>;
}
