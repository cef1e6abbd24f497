// The gateway itself: one reference to the snapshot in force, the loop that replaces it, and the questions that the
// admin pages and the command line ask. Knows no socket: requests come in as values.
import { createHash } from "node:crypto";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import type { Logger } from "../rpc/logger.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { mergeSchema } from "../schema/merge-schema.ts";
import type { Problem } from "../schema/problem.ts";
import type { ServiceConfig } from "../schema/service-config.ts";
import type { SchemaSource } from "../schema/source.ts";
import type { Dialect } from "../transcode/dialect.ts";
import type { ShadowedRoute } from "../transcode/route.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import { type ExplainedRequest, explainRequest } from "./explain-request.ts";
import type { Explanation } from "./explanation.ts";
import { judgeReadiness } from "./judge-readiness.ts";
import { limitServices } from "./limit-services.ts";
import type { Readiness } from "./readiness.ts";
import { viewRouteTable } from "./route-table.ts";
import type { RouteTableView } from "./route-table-view.ts";
import { startSchemaLoop } from "./schema-loop.ts";
import { startServiceConfigLoop } from "./service-config-loop.ts";
import { buildSnapshot, type Snapshot } from "./snapshot.ts";

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
  /** Whether a schema with a shadowed route is refused as a whole, the old one serving on. */
  readonly strict: boolean;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  /** Upper bound of every call's time; none by default. */
  readonly maxTimeoutMs?: number;
  readonly logger: Logger;
}

export interface Gateway {
  /** Answers a request; `undefined` = no route has its path. Never rejects. */
  handle(request: HttpRequest): Promise<HttpResponse | undefined>;
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

export function createGateway(options: GatewayOptions): Gateway {
  const { upstreams, dialect, logger } = options;
  const snapshotOptions = {
    ...options,
    upstreams: new Map(upstreams.map((upstream) => [upstream.name, upstream])),
  };
  let snapshot: Snapshot | undefined;
  let buildProblems: readonly Problem[] = [];
  let draining = false;

  const swap = (): void => {
    const inputs = loop
      .states()
      .flatMap(({ source, reading }) =>
        reading === undefined ? [] : [{ source: source.name, upstreams: source.upstreams, reading }],
      );
    if (inputs.length === 0) return;
    try {
      const schema = limitServices(mergeSchema(inputs), options.servicesOf);
      const configs = configLoop.configs();
      const digest = snapshotDigest(schema.digest, configs);
      if (digest === snapshot?.digest) return;
      const next = buildSnapshot(schema, digest, configs, snapshotOptions);
      buildProblems = options.strict ? next.table.shadowed.map(shadowProblem) : [];
      if (buildProblems.length > 0) {
        logger.error("snapshot refused", { problems: buildProblems, serving: snapshot?.digest ?? "nothing" });
        return;
      }
      snapshot = next;
      logSwap(snapshot, logger);
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      buildProblems = [{ place: "schema", message: `could not be put into service: ${message}` }];
      logger.error("snapshot could not be built", { error: reason, serving: snapshot?.digest ?? "nothing" });
    }
  };

  const configLoop = startServiceConfigLoop({ files: options.serviceConfigFiles, onChange: swap, logger });
  const loop = startSchemaLoop({ sources: options.sources, onChange: swap, logger });
  const refresh = (): void => {
    configLoop.refresh();
    loop.refresh();
  };
  // A backend that comes back may have come back changed: its schema is read again at once.
  const unwatch = upstreams.map(({ name, transport }) =>
    transport.onStatus(({ state }) => {
      if (state !== "ready") return;
      for (const source of options.sources) if (source.upstreams.includes(name)) source.refresh();
    }),
  );
  for (const { transport } of upstreams) transport.connect();

  const gateway: Gateway = {
    async handle(request) {
      const current = snapshot;
      if (current === undefined) return undefined;
      for (const protocol of current.protocols) {
        if (protocol.accepts(request)) return protocol.handle(request);
      }
      return undefined;
    },
    notFound(request) {
      if (snapshot === undefined) return noSchema(gateway.readiness());
      const path = request.path.slice(0, 200);
      const error = new RpcError(Code.NOT_FOUND, `no route for ${request.httpMethod.slice(0, 20)} ${path}`);
      return jsonResponse(404, snapshot.formatStatus(error));
    },
    routes: () =>
      viewRouteTable({
        snapshot,
        dialect,
        states: loop.states(),
        upstreams,
        problems: [...buildProblems, ...configLoop.problems()],
      }),
    explain(request) {
      if (snapshot === undefined) {
        throw new RpcError(Code.UNAVAILABLE, gateway.readiness().missing.join("; "));
      }
      return explainRequest(snapshot, request);
    },
    readiness: () =>
      judgeReadiness({
        snapshot,
        states: loop.states(),
        upstreams,
        required: options.required,
        draining,
        problems: buildProblems,
      }),
    firstPass: Promise.all([loop.firstPass, configLoop.firstPass]).then(() => {}),
    refresh,
    drain: () => {
      draining = true;
    },
    close: async () => {
      for (const stop of unwatch) stop();
      await Promise.all([loop.stop(), configLoop.stop()]);
      await Promise.all(upstreams.map(({ transport }) => transport.close()));
    },
  };
  return gateway;
}

function shadowProblem({ route, by }: ShadowedRoute): Problem {
  const claim = `${route.httpMethod} ${route.template}`;
  return {
    place: route.origin,
    message: `${claim} is shadowed by ${by.info.path} (${by.origin}), strict refuses that`,
  };
}

function snapshotDigest(schemaDigest: string, serviceConfigs: readonly ServiceConfig[]): string {
  if (serviceConfigs.length === 0) return schemaDigest;
  const hash = createHash("sha256").update(schemaDigest);
  for (const { digest } of serviceConfigs) hash.update(digest);
  return hash.digest("hex");
}

/** Before the first snapshot there is no codec to print with; the shape is that of every dialect's plain status. */
function noSchema(readiness: Readiness): HttpResponse {
  const message = `the gateway has no schema yet: ${readiness.missing.join("; ")}`;
  const status = { code: Code.UNAVAILABLE, message, details: [] };
  return jsonResponse(503, JSON.stringify(status), [["retry-after", "1"]]);
}

function jsonResponse(
  httpStatus: number,
  json: string,
  extra: readonly (readonly [string, string])[] = [],
): HttpResponse {
  const header = Header.of([["content-type", "application/json"], ...extra]);
  return { httpStatus, header, body: json };
}

function logSwap(snapshot: Snapshot, logger: Logger): void {
  const { table, schema, digest, problems } = snapshot;
  logger.info("snapshot in service", {
    digest,
    services: schema.services.length,
    routes: table.routes.length,
    refused: table.refused.length,
    shadowed: table.shadowed.length,
  });
  for (const { place, message } of problems) logger.warn("schema problem", { place, message });
  for (const refused of table.refused) logger.warn("route refused", { ...refused });
  for (const { route, by } of table.shadowed) {
    logger.warn("route shadowed", {
      httpMethod: route.httpMethod,
      template: route.template,
      rpc: route.info.path,
      origin: route.origin,
      by: `${by.info.path} (${by.origin})`,
    });
  }
}
