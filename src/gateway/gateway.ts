// The gateway itself: one reference to the snapshot in force, the loop that replaces it, and the questions that the
// admin pages and the command line ask. Knows no socket: requests come in as values.
import { createRegistry } from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../codec/codec.ts";
import { createCodec } from "../codec/create-codec.ts";
import type { AddressRange } from "../pipeline/limit-key/address-range.ts";
import type { RateLimitStores } from "../pipeline/rate-limit/ask.ts";
import { createStatusFormat } from "../protocol/rest/status-format.ts";
import { writeError } from "../protocol/rest/write-error.ts";
import { Code } from "../rpc/code.ts";
import type { Logger } from "../rpc/logger.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { mergeSchema } from "../schema/merge-schema.ts";
import { formatProblem, type Problem } from "../schema/problem.ts";
import type { SchemaSource } from "../schema/source.ts";
import { createHealthService } from "../service/health-service.ts";
import { ownServiceNames } from "../service/own-files.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { Dialect } from "../transcode/dialect.ts";
import type { ShadowedRoute } from "../transcode/route.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { acceptOf } from "../wire/accept.ts";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import type { UpgradeHandler } from "../wire/websocket-channel.ts";
import { type ExplainedRequest, explainRequest } from "./explain-request.ts";
import type { Explanation } from "./explanation.ts";
import { type AuthOptions, createFlowControl, ownInterceptorsOf } from "./flow-control.ts";
import { judgeReadiness } from "./judge-readiness.ts";
import { limitServices } from "./limit-services.ts";
import { logSwap } from "./log-swap.ts";
import type { MethodSettings } from "./method-settings.ts";
import type { Readiness } from "./readiness.ts";
import { viewRouteTable } from "./route-table.ts";
import type { RouteTableView } from "./route-table-view.ts";
import { createRpcProtocols } from "./rpc-protocols.ts";
import { startSchemaLoop } from "./schema-loop.ts";
import { createEarlyLookup } from "./served-methods.ts";
import { startServiceConfigLoop } from "./service-config-loop.ts";
import { serviceHealth } from "./service-health.ts";
import { buildSnapshot, type Snapshot } from "./snapshot.ts";
import { snapshotDigest } from "./snapshot-digest.ts";

export interface GatewayOptions {
  readonly upstreams: readonly Upstream[];
  /** Names of the upstreams without which the gateway is not ready. */
  readonly required: ReadonlySet<string>;
  readonly sources: readonly SchemaSource[];
  /** Paths of service-config files. */
  readonly serviceConfigFiles: readonly string[];
  /** Selectors of the services that an upstream serves, by its name; without an entry it serves what its schema has. */
  readonly servicesOf: ReadonlyMap<string, readonly string[]>;
  readonly dialect: Dialect;
  /** What the operator's config says of methods; of two for one method the later wins. None by default. */
  readonly methods?: readonly MethodSettings[];
  /** The operator's word on how variables of several segments are decoded; by default the service configs' or the dialect's. */
  readonly unescape?: Dialect["unescape"];
  /** Whether a schema with a shadowed route is refused as a whole, the old one serving on. */
  readonly strict: boolean;
  /** Whether to connect to every upstream at once, so that readiness knows; else calls connect. */
  readonly connect: boolean;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  /** Bytes of large unary request messages in flight; default 256 MiB. */
  readonly maxInFlightBytes?: number;
  /** Where limits are counted; outlive the gateway, whose owner closes them. In memory by default. */
  readonly stores?: RateLimitStores;
  /** Proxies whose `x-forwarded-for` says who the client is; none by default. */
  readonly trustedProxies?: readonly AddressRange[];
  /** How callers are known; nobody is, by default, and methods that demand it are closed. */
  readonly auth?: AuthOptions;
  /** Reply messages smaller than this are not compressed; `Infinity` = none is. */
  readonly minCompressedBytes: number;
  /** Silence on a stream of events after which it gets a comment, in milliseconds; default 15 seconds. */
  readonly heartbeatMs?: number;
  /** Upper bound of every call's time; none by default. */
  readonly maxTimeoutMs?: number;
  readonly logger: Logger;
}

export interface Gateway {
  /** Answers a request; `undefined` = no route has its path. Never rejects. */
  handle(request: HttpRequest): Promise<HttpResponse | undefined>;
  /** The same for a request that asks for a WebSocket. Before there is a schema it is no path of ours. */
  readonly upgrade: UpgradeHandler;
  /** The answer to a request that nobody knows. */
  notFound(request: HttpRequest): HttpResponse;
  routes(): RouteTableView;
  /** @throws RpcError UNAVAILABLE before the first snapshot */
  explain(request: ExplainedRequest): Explanation;
  readiness(): Readiness;
  /** Resolves when every schema source has been tried once, well or not. */
  readonly firstPass: Promise<void>;
  /** Reads every schema source and service config again soon. */
  refresh(): void;
  /** From now on /readyz says no, so that load balancers look elsewhere. */
  drain(): void;
  /** Stops watching and closes every channel; running calls end first. */
  close(): Promise<void>;
}

/** Sixty-four requests of the largest size that backends take by default. */
const defaultInFlightBytes = 256 * 1024 * 1024;

export function createGateway(options: GatewayOptions): Gateway {
  const { upstreams, dialect, logger } = options;
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const healthListeners = new Set<() => void>();
  const tellHealth = (): void => {
    for (const listener of healthListeners) listener();
  };
  const health = createHealthService({
    statusOf: (service) =>
      serviceHealth(service, {
        ...(snapshot && { upstreamsOf: snapshot.upstreamsOf }),
        upstreams: byName,
        ready: () => gateway.readiness().ready,
        draining,
      }),
    services: () => new Set([...(snapshot?.upstreamsOf.keys() ?? []), ...ownServiceNames]),
    draining: () => draining,
    onChange(listener) {
      healthListeners.add(listener);
      return () => healthListeners.delete(listener);
    },
  });
  const flowControl = createFlowControl({
    ...(options.maxTimeoutMs !== undefined && { maxTimeoutMs: options.maxTimeoutMs }),
    maxInFlightBytes: options.maxInFlightBytes ?? defaultInFlightBytes,
    stores: options.stores ?? { local: createMemoryStore() },
    trustedProxies: options.trustedProxies ?? [],
    auth: options.auth,
    logger,
  });
  const snapshotOptions = { ...options, upstreams: byName, ownServices: [health], flowControl };
  let snapshot: Snapshot | undefined;
  let buildProblems: readonly Problem[] = [];
  let configured = false;
  let draining = false;

  const swap = (): void => {
    // Without its service configs a schema has other routes, and none of them may serve, were it for a moment only.
    if (!configured) return;
    const inputs = loop
      .states()
      .flatMap(({ source, reading }) =>
        reading === undefined ? [] : [{ source: source.name, upstreams: source.upstreams, reading }],
      );
    if (inputs.length === 0) return;
    try {
      const schema = limitServices(mergeSchema(inputs), options.servicesOf);
      const configs = configLoop.configs();
      const digest = snapshotDigest(schema.digest, configs, options);
      if (digest === snapshot?.digest && sameProblems(schema.problems, snapshot.schema.problems)) {
        buildProblems = [];
        return;
      }
      const next = buildSnapshot(schema, digest, configs, snapshotOptions);
      buildProblems = options.strict ? next.table.shadowed.map(shadowProblem) : [];
      if (buildProblems.length > 0) {
        logger.error("snapshot refused", { problems: buildProblems, serving: snapshot?.digest ?? "nothing" });
        return;
      }
      snapshot = next;
      flowControl.retain(
        next.services.flatMap(({ desc, upstreams }) =>
          desc.methods.map((method) => ({ method, policy: next.flow.of(method).policy, upstreams })),
        ),
      );
      logSwap(snapshot, logger);
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      buildProblems = [{ place: "schema", message: `could not be put into service: ${message}` }];
      logger.error("snapshot could not be built", { error: reason, serving: snapshot?.digest ?? "nothing" });
    } finally {
      // A schema that was refused may have changed what the gateway says of itself too.
      tellHealth();
    }
  };

  const configLoop = startServiceConfigLoop({ files: options.serviceConfigFiles, onChange: swap, logger });
  const loop = startSchemaLoop({ sources: options.sources, onChange: swap, logger });
  const configuredOnce = configLoop.firstPass.then(() => {
    configured = true;
    swap();
  });
  const refresh = (): void => {
    configLoop.refresh();
    loop.refresh();
  };
  // A backend that comes back may have come back changed: its schema is read again at once.
  const unwatch = upstreams.map(({ name, transport }) =>
    transport.onStatus(({ state }) => {
      tellHealth();
      if (state !== "ready") return;
      for (const source of options.sources) if (source.upstreams.includes(name)) source.refresh();
    }),
  );
  if (options.connect) for (const { transport } of upstreams) transport.connect();
  // Before the first snapshot there is no schema to print details with, and none is needed.
  const bareFormat = createStatusFormat(createCodec(createRegistry(), defaultJsonOptions), dialect);

  const early = createRpcProtocols({
    methodOf: createEarlyLookup(health, ownInterceptorsOf(flowControl), () => noSchema(gateway.readiness())),
    formatDetail: () => undefined,
    maxRequestBytes: options.maxRequestBytes,
    minCompressedBytes: options.minCompressedBytes,
    logger,
  });

  const gateway: Gateway = {
    async handle(request) {
      for (const protocol of snapshot?.protocols ?? early) {
        if (protocol.accepts(request)) return protocol.handle(request);
      }
      return undefined;
    },
    upgrade: async (request, subprotocols) => snapshot?.upgrade(request, subprotocols),
    notFound(request) {
      const accept = acceptOf(request.header);
      if (snapshot === undefined) {
        const error = noSchema(gateway.readiness());
        return writeError(error, { formatStatus: bareFormat, accept }, 503, [["retry-after", "1"]]);
      }
      const path = request.path.slice(0, 200);
      const error = new RpcError(Code.NOT_FOUND, `no route for ${request.httpMethod.slice(0, 20)} ${path}`);
      return writeError(error, { formatStatus: snapshot.formatStatus, accept }, 404);
    },
    routes: () =>
      viewRouteTable({
        snapshot,
        stateOf: flowControl.stateOf,
        dialect,
        states: loop.states(),
        upstreams,
        problems: [...buildProblems, ...configLoop.problems()],
      }),
    explain(request) {
      if (snapshot === undefined) {
        throw new RpcError(Code.UNAVAILABLE, gateway.readiness().missing.join("; "));
      }
      return explainRequest(snapshot, dialect, request);
    },
    readiness: () =>
      judgeReadiness({
        snapshot,
        states: loop.states(),
        upstreams,
        required: options.required,
        draining,
        refused: buildProblems,
        stale: configLoop.problems(),
      }),
    firstPass: Promise.all([loop.firstPass, configuredOnce]).then(() => {}),
    refresh,
    drain: () => {
      draining = true;
      tellHealth();
    },
    close: async () => {
      for (const stop of unwatch) stop();
      await Promise.all([loop.stop(), configLoop.stop()]);
      await Promise.all(upstreams.map(({ transport }) => transport.close()));
    },
  };
  return gateway;
}

function noSchema({ missing }: Readiness): RpcError {
  return new RpcError(Code.UNAVAILABLE, `the gateway has no schema yet: ${missing.join("; ")}`);
}

/** A source may add nothing but what is wrong with it: the same schema, of which there is more to say. */
function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return a.map(formatProblem).join("\n") === b.map(formatProblem).join("\n");
}

function shadowProblem({ route, by }: ShadowedRoute): Problem {
  const claim = `${route.httpMethod} ${route.template}`;
  return {
    place: route.origin,
    message: `${claim} is shadowed by ${by.info.path} (${by.origin}), strict refuses that`,
  };
}
