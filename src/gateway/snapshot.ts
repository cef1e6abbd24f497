// One immutable snapshot: all that derives from a schema, built completely before a single reference is replaced. A
// call reads the reference once and keeps its snapshot to the end, however many swaps happen meanwhile.
import { createRegistry, type Registry } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
import { defaultJsonOptions } from "../codec/codec.ts";
import { createCodec } from "../codec/create-codec.ts";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { createRestProtocol } from "../protocol/rest/rest-protocol.ts";
import { createStatusFormat, type StatusFormat } from "../protocol/rest/status-format.ts";
import type { Logger } from "../rpc/logger.ts";
import { resolveHttpRules } from "../schema/http-rules.ts";
import type { MergedSchema } from "../schema/merge-schema.ts";
import type { Problem } from "../schema/problem.ts";
import type { ServiceConfig } from "../schema/service-config.ts";
import { compileRoutes } from "../transcode/compile-routes.ts";
import { createRouter } from "../transcode/create-router.ts";
import type { Dialect } from "../transcode/dialect.ts";
import type { RouteTable } from "../transcode/route.ts";
import type { Router } from "../transcode/router.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Protocol } from "../wire/protocol.ts";
import { createMethodHandlers } from "./method-handlers.ts";

export interface SnapshotOptions {
  readonly dialect: Dialect;
  /** Every upstream of the gateway by name; outlives snapshots. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly maxRequestBytes: number;
  /** Upper bound of every call's time; none by default. */
  readonly maxTimeoutMs?: number;
  readonly logger: Logger;
}

export interface Snapshot {
  /** Digest of the schema and the service configs that it was built from. */
  readonly digest: string;
  /** When it was built, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly schema: MergedSchema;
  readonly codec: Codec;
  readonly table: RouteTable;
  readonly router: Router;
  readonly formatStatus: StatusFormat;
  /** In the order in which they are asked. REST is the last: it accepts everything. */
  readonly protocols: readonly Protocol[];
  /** Names of the upstreams that serve a service. */
  readonly upstreamsOf: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

export function buildSnapshot(
  schema: MergedSchema,
  digest: string,
  serviceConfigs: readonly ServiceConfig[],
  options: SnapshotOptions,
): Snapshot {
  const { dialect, logger, maxRequestBytes } = options;
  const registry = withErrorDetails(schema.registry);
  const codec = createCodec(registry, jsonOptionsOf(dialect));
  const rules = resolveHttpRules(schema, serviceConfigs);
  const table = compileRoutes(rules.rules, { codec, dialect });
  const router = createRouter(table.routes);
  const formatStatus = createStatusFormat(codec, dialect);
  const handlerOf = createMethodHandlers(schema, options);
  const rest = createRestProtocol({ router, dialect, formatStatus, handlerOf, maxRequestBytes, logger });
  return {
    digest,
    sinceMs: Date.now(),
    schema,
    codec,
    table,
    router,
    formatStatus,
    protocols: [rest],
    upstreamsOf: new Map(schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams])),
    problems: [...schema.problems, ...rules.problems],
  };
}

/** Backends attach google.rpc details without importing their protos: they are known to every snapshot. */
function withErrorDetails(registry: Registry): Registry {
  return createRegistry(file_google_rpc_error_details, registry);
}

function jsonOptionsOf(dialect: Dialect): JsonOptions {
  return {
    ...defaultJsonOptions,
    unknownFields: dialect.unknownFields,
    emitDefaults: dialect.emitDefaults,
  };
}
