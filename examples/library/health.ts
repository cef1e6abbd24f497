// grpc.health.v1: what is served is serving, from the start to the end.
// Source: grpc/health/v1/health.proto.
import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import {
  type Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import type { Handlers } from "./grpc-service.ts";
import { StatusError } from "./status-error.ts";

/** @param services full names; the empty name stands for the whole server and is added */
export function createHealthHandlers(services: readonly string[]): Handlers<typeof Health> {
  const known = new Set(["", ...services]);
  return {
    check({ service }) {
      if (known.has(service)) return { status: ServingStatus.SERVING };
      throw new StatusError(status.NOT_FOUND, "unknown service");
    },
    list: () => ({
      statuses: Object.fromEntries([...known].map((name) => [name, { status: ServingStatus.SERVING }])),
    }),
    async *watch({ service }, call) {
      yield { status: known.has(service) ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN };
      // Nothing will change, but the stream stays open until the caller has had enough.
      if (!call.signal.aborted) await once(call.signal, "abort");
    },
  };
}
