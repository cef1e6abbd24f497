// One immutable snapshot: all that derives from a schema, built completely before a single reference is replaced. A
// call reads the reference once and keeps its snapshot to the end, however many swaps happen meanwhile.
import { createRegistry, type DescMethod, type Registry } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
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
import type { RestPolicy } from "../transcode/rest-policy.ts";
import type { RouteTable } from "../transcode/route.ts";
import type { Router } from "../transcode/router.ts";
import { createTextFields } from "../transcode/text-fields.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Protocol } from "../wire/protocol.ts";
import { createCodecs } from "./create-codecs.ts";
import { createMethodHandlers } from "./method-handlers.ts";
import type { MethodSettings } from "./method-settings.ts";
import { type RestPolicies, resolveRestPolicies } from "./resolve-rest-policy.ts";

export interface SnapshotOptions {
  readonly dialect: Dialect;
  /** What the operator's config says of methods; of two for one method the later wins. None by default. */
  readonly methods?: readonly MethodSettings[];
  /** The operator's word on how variables of several segments are decoded; by default the service configs' or the dialect's. */
  readonly unescape?: Dialect["unescape"];
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
  /** The codec of a set of JSON options; the same one for equal sets. */
  readonly codecOf: (json: JsonOptions) => Codec;
  /** What the dialect has become with what config and service configs say. */
  readonly dialect: Dialect;
  /** How variables of several segments are decoded, and whose word that is. */
  readonly decoding: { readonly value: Dialect["unescape"]; readonly origin: string };
  readonly policies: RestPolicies;
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
  const { logger, maxRequestBytes } = options;
  const decoding = chooseUnescape(serviceConfigs, options);
  const dialect = { ...options.dialect, unescape: decoding.value };
  const codecOf = createCodecs(withErrorDetails(schema.registry));
  const policies = resolveRestPolicies({
    services: schema.services.map(({ desc }) => desc),
    settings: options.methods ?? [],
    profile: dialect,
    textFields: createTextFields({ codec: codecOf(dialect.policy.json), dialect }),
  });
  const rules = resolveHttpRules(schema, serviceConfigs);
  const policyOf = (method: DescMethod): RestPolicy => policies.of(method).policy;
  const table = compileRoutes(rules.rules, { codecOf, dialect, policyOf });
  const router = createRouter(table.routes);
  const formatStatus = createStatusFormat(codecOf(policies.json), dialect);
  const handlerOf = createMethodHandlers(schema, options);
  const rest = createRestProtocol({ router, dialect, formatStatus, handlerOf, maxRequestBytes, logger });
  return {
    digest,
    sinceMs: Date.now(),
    schema,
    codecOf,
    dialect,
    decoding,
    policies,
    table,
    router,
    formatStatus,
    protocols: [rest],
    upstreamsOf: new Map(schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams])),
    problems: [...schema.problems, ...rules.problems, ...policies.problems],
  };
}

/** Backends attach google.rpc details without importing their protos: they are known to every snapshot. */
function withErrorDetails(registry: Registry): Registry {
  return createRegistry(file_google_rpc_error_details, registry);
}

/** One service config that asks for it is enough: `/v1/{name=**}` cannot mean one thing for some rules only. */
function chooseUnescape(
  serviceConfigs: readonly ServiceConfig[],
  { unescape: configured, dialect }: SnapshotOptions,
): Snapshot["decoding"] {
  if (configured !== undefined) return { value: configured, origin: "config" };
  const config = serviceConfigs.find(({ fullyDecodeReservedExpansion }) => fullyDecodeReservedExpansion);
  if (config !== undefined)
    return { value: "all", origin: `fully_decode_reserved_expansion in ${config.file}` };
  return { value: dialect.unescape, origin: `profile ${dialect.name}` };
}
