// One immutable snapshot: all that derives from a schema, built completely before a single reference is replaced. A
// call reads the reference once and keeps its snapshot to the end, however many swaps happen meanwhile.
import { createRegistry, type DescMethod, type DescService, type Registry } from "@bufbuild/protobuf";
import { type Codec, defaultJsonOptions, type JsonOptions } from "../codec/codec.ts";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { createRestProtocol } from "../protocol/rest/rest-protocol.ts";
import { createStatusFormat, type StatusFormat } from "../protocol/rest/status-format.ts";
import { createRouteLookup } from "../protocol/websocket/route-lookup.ts";
import { createWebSocketProtocol } from "../protocol/websocket/websocket-protocol.ts";
import type { Logger } from "../rpc/logger.ts";
import { resolveHttpRules } from "../schema/http-rules.ts";
import type { MergedSchema } from "../schema/merge-schema.ts";
import type { Problem } from "../schema/problem.ts";
import type { ServiceConfig } from "../schema/service-config.ts";
import { ownServiceNames } from "../service/own-files.ts";
import type { OwnService } from "../service/own-service.ts";
import { createReflectionServices } from "../service/reflection-service.ts";
import { compileRoutes } from "../transcode/compile-routes.ts";
import { createRouter } from "../transcode/create-router.ts";
import type { Dialect } from "../transcode/dialect.ts";
import type { RestPolicy } from "../transcode/rest-policy.ts";
import type { RouteTable } from "../transcode/route.ts";
import type { Router } from "../transcode/router.ts";
import { createTextFields } from "../transcode/text-fields.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Protocol } from "../wire/protocol.ts";
import type { UpgradeHandler } from "../wire/websocket-channel.ts";
import { createCodecs } from "./create-codecs.ts";
import { type FlowControl, ownInterceptorsOf } from "./flow-control.ts";
import { createDetailFormat } from "./format-detail.ts";
import { createMethodHandlers } from "./method-handlers.ts";
import type { MethodSettings } from "./method-settings.ts";
import { collectPolicyLayers } from "./policy-layers.ts";
import { type FlowPolicies, resolveFlowPolicies } from "./resolve-flow-policy.ts";
import { type RestPolicies, resolveRestPolicies } from "./resolve-rest-policy.ts";
import { createRpcProtocols } from "./rpc-protocols.ts";
import { createMethodLookup } from "./served-methods.ts";

export interface SnapshotOptions {
  readonly dialect: Dialect;
  /** What the operator's config says of methods; of two for one method the later wins. None by default. */
  readonly methods?: readonly MethodSettings[];
  /** The operator's word on how variables of several segments are decoded; by default the service configs' or the dialect's. */
  readonly unescape?: Dialect["unescape"];
  /** Every upstream of the gateway by name; outlives snapshots. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly maxRequestBytes: number;
  /** Reply messages smaller than this are not compressed. */
  readonly minCompressedBytes: number;
  /** Silence on a stream of events after which it gets a comment, in milliseconds; default 15 seconds. */
  readonly heartbeatMs?: number;
  /** The services that the gateway answers itself, whatever the schema; server reflection is added. */
  readonly ownServices: readonly OwnService[];
  /** What stands around calls, and what of it outlives snapshots. */
  readonly flowControl: FlowControl;
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
  readonly flow: FlowPolicies;
  readonly table: RouteTable;
  readonly router: Router;
  readonly formatStatus: StatusFormat;
  /** The backends' and the gateway's own, with the names of the upstreams that serve them. */
  readonly services: readonly ServedService[];
  /** In the order in which they are asked. REST is the last: it accepts everything. */
  readonly protocols: readonly Protocol[];
  /** Calls over WebSocket. */
  readonly upgrade: UpgradeHandler;
  /** Names of the upstreams that serve a service. */
  readonly upstreamsOf: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

export interface ServedService {
  readonly desc: DescService;
  /** `gateway` for its own. */
  readonly upstreams: readonly string[];
}

export function buildSnapshot(
  schema: MergedSchema,
  digest: string,
  serviceConfigs: readonly ServiceConfig[],
  options: SnapshotOptions,
): Snapshot {
  const { logger, maxRequestBytes, minCompressedBytes, upstreams } = options;
  const decoding = chooseUnescape(serviceConfigs, options);
  const dialect = { ...options.dialect, unescape: decoding.value };
  const registry = withErrorDetails(schema.registry);
  const codecOf = createCodecs(registry, dialect);
  const descs = schema.services.map(({ desc }) => desc);
  const layers = collectPolicyLayers(descs, options.methods ?? []);
  const policies = resolveRestPolicies({
    services: descs,
    layers,
    settings: options.methods ?? [],
    profile: dialect,
    textFields: createTextFields({ codec: codecOf(dialect.policy.json), dialect }),
  });
  const rules = resolveHttpRules(schema, serviceConfigs);
  const policyOf = (method: DescMethod): RestPolicy => policies.of(method).policy;
  const table = compileRoutes(rules.rules, { codecOf, dialect, policyOf });
  const router = createRouter(table.routes);
  const formatStatus = createStatusFormat(codecOf(policies.json), dialect);
  const flow = resolveFlowPolicies({ services: descs, layers, maxRequestBytes });
  const handlerOf = createMethodHandlers(schema, upstreams, (method, serving) => {
    const { policy } = flow.of(method);
    return {
      interceptors: options.flowControl.interceptorsOf(method, policy),
      choices: options.flowControl.guard(method, policy, serving),
    };
  });
  // What a backend says of itself is for the gateway to know; who asks the gateway is told of all backends.
  const services = schema.services.filter(({ desc }) => !ownServiceNames.includes(desc.typeName));
  const serviceNames = services.map(({ desc }) => desc.typeName);
  const ownServices = [
    ...options.ownServices,
    ...createReflectionServices({ files: schema.files, registry: schema.registry, serviceNames }),
  ];
  const rpcCodec = codecOf({ ...defaultJsonOptions, unknownFields: "ignore" });
  const methodOf = createMethodLookup({
    services: services.map(({ desc }) => desc),
    handlerOf,
    ownServices,
    interceptorsOf: ownInterceptorsOf(options.flowControl),
    codec: rpcCodec,
  });
  const formatDetail = createDetailFormat(rpcCodec, registry);
  const rpc = createRpcProtocols({ methodOf, formatDetail, maxRequestBytes, minCompressedBytes, logger });
  const rest = createRestProtocol({
    router,
    dialect,
    formatStatus,
    handlerOf,
    maxRequestBytes,
    minCompressedBytes,
    ...(options.heartbeatMs !== undefined && { heartbeatMs: options.heartbeatMs }),
    logger,
  });
  return {
    digest,
    sinceMs: Date.now(),
    schema,
    codecOf,
    dialect,
    decoding,
    policies,
    flow,
    table,
    router,
    formatStatus,
    services: [...services, ...ownServices.map(({ desc }) => ({ desc, upstreams: ["gateway"] }))],
    protocols: [...rpc, rest],
    upgrade: createWebSocketProtocol({
      methodOf,
      routeOf: createRouteLookup({ router, dialect, methodOf }),
      formatDetails: formatStatus.details,
      maxRequestBytes,
      logger,
    }),
    upstreamsOf: new Map(schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams])),
    problems: [
      ...schema.problems,
      ...rules.problems,
      ...layers.problems,
      ...policies.problems,
      ...flow.problems,
    ],
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
