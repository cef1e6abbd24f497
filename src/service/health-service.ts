// grpc.health.v1.Health: what the gateway says of itself and of each service behind it.
// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md; protos/grpc/health/v1/health.proto
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Health,
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../gen/grpc/health/v1/health_pb.ts";
import type { Call, Handler, UnaryReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { shorten } from "../schema/shorten.ts";
import { createOwnService, type OwnService } from "./own-service.ts";
import { createStreamReply, type MessageProducer } from "./stream-reply.ts";

export type HealthStatus = "serving" | "not_serving" | "unknown_service";

/** Where the statuses come from. It outlives snapshots, as a watch does. */
export interface HealthSource {
  /** Of a service by its full name; `""` is the gateway as a whole. Never throws. */
  statusOf(service: string): HealthStatus;
  /** Full names of the services of which there is a status; `""` need not be among them. */
  services(): Iterable<string>;
  /** Whether the gateway is about to stop, so that no status will change for the better. */
  draining(): boolean;
  /** Calls the listener when any status may have changed, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/**
 * Check fails with NOT_FOUND for an unknown service. Watch answers at once, then whenever the status is another than the
 * last one sent: who reads slowly sees the latest only. While the gateway drains it fails with UNAVAILABLE once its
 * status has been sent. It refuses names that are too long to keep with INVALID_ARGUMENT. List refuses more than 10,000 services with RESOURCE_EXHAUSTED.
 */
export function createHealthService(source: HealthSource): OwnService {
  const handlers = new Map<string, Handler>([
    ["Check", async (call) => check(source, serviceOf(call))],
    ["Watch", async (call) => createStreamReply(createWatch(source, serviceOf(call)), call.signal)],
    ["List", async () => list(source)],
  ]);
  return createOwnService(Health, handlers);
}

/** Ten thousand names make a message of less than the 4 MiB that clients take unless told otherwise. */
const maxListed = 10_000;

const servingStatus: Readonly<Record<HealthStatus, ServingStatus>> = {
  serving: ServingStatus.SERVING,
  not_serving: ServingStatus.NOT_SERVING,
  unknown_service: ServingStatus.SERVICE_UNKNOWN,
};

function serviceOf(call: Call): string {
  if (call.kind !== "unary") throw new RpcError(Code.INTERNAL, "a health check takes one message");
  try {
    return fromBinary(HealthCheckRequestSchema, call.message).service;
  } catch {
    throw new RpcError(Code.INVALID_ARGUMENT, "the message is no HealthCheckRequest");
  }
}

function check(source: HealthSource, service: string): UnaryReply {
  const status = source.statusOf(service);
  if (status === "unknown_service") {
    throw new RpcError(Code.NOT_FOUND, `unknown service ${shorten(service)}`);
  }
  return unaryReply(encodeStatus(status));
}

function list(source: HealthSource): UnaryReply {
  const entries = new Map<string, HealthCheckResponse>();
  for (const service of ["", ...source.services()]) {
    if (entries.size >= maxListed) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `there are more than ${maxListed} services to list`);
    }
    const status = servingStatus[source.statusOf(service)];
    entries.set(service, create(HealthCheckResponseSchema, { status }));
  }
  const response = create(HealthListResponseSchema);
  // Defines its keys, where assigning would lose a service of the name `__proto__`.
  response.statuses = Object.fromEntries(entries);
  return unaryReply(toBinary(HealthListResponseSchema, response));
}

/** Longer than any name of a service. A watch keeps its name for hours, and a few bytes inflate to megabytes. */
const maxWatchedChars = 1_000;

function createWatch(source: HealthSource, service: string): MessageProducer {
  if (service.length > maxWatchedChars) {
    const text = `no service to watch has a name of more than ${maxWatchedChars} characters`;
    throw new RpcError(Code.INVALID_ARGUMENT, text);
  }
  let last: HealthStatus | undefined;
  let unwatch: (() => void) | undefined;
  let waiting: PromiseWithResolvers<Uint8Array> | undefined;
  const onChange = (): void => {
    if (waiting === undefined) return;
    const status = source.statusOf(service);
    if (status !== last) {
      last = status;
      waiting.resolve(encodeStatus(status));
    } else if (source.draining()) {
      // A drain waits for calls to end, and this one never would.
      waiting.reject(new RpcError(Code.UNAVAILABLE, "the gateway is draining"));
    } else return;
    waiting = undefined;
  };
  return {
    pull() {
      unwatch ??= source.onChange(onChange);
      const next = Promise.withResolvers<Uint8Array>();
      waiting = next;
      onChange();
      return next.promise;
    },
    stop() {
      waiting = undefined;
      unwatch?.();
    },
  };
}

function encodeStatus(status: HealthStatus): Uint8Array {
  return toBinary(
    HealthCheckResponseSchema,
    create(HealthCheckResponseSchema, { status: servingStatus[status] }),
  );
}

function unaryReply(message: Uint8Array): UnaryReply {
  return { kind: "unary", header: new Header(), message, trailer: new Header() };
}
