// The composition root: the only place that wires rooms together, from a resolved config to a running gateway.
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createAdmin } from "./admin/create-admin.ts";
import { createApiKeyVerifier } from "./auth/api-key-verifier.ts";
import { createTokenVerifier } from "./auth/token-verifier.ts";
import type { Verifier } from "./auth/verifier.ts";
import type { Config, SchemaConfig, UpstreamConfig } from "./config/config.ts";
import type { ExplainedRequest } from "./gateway/explain-request.ts";
import type { Explanation } from "./gateway/explanation.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import type { RouteTableView } from "./gateway/route-table-view.ts";
import type { RateLimitStores } from "./pipeline/rate-limit/ask.ts";
import { Header } from "./rpc/header.ts";
import type { Logger } from "./rpc/logger.ts";
import { createDescriptorSetSource } from "./schema/descriptor-set-source.ts";
import { createProtoSource } from "./schema/proto-source.ts";
import { createReflectionSource } from "./schema/reflection-source.ts";
import type { SchemaSource } from "./schema/source.ts";
import { withCors } from "./server/cors.ts";
import { createListener } from "./server/create-listener.ts";
import type { Listener, ListenerOptions } from "./server/listener.ts";
import { readTlsFiles, type TlsFileWatch, watchTlsFiles } from "./server/tls-files.ts";
import { withOrigins } from "./server/with-origins.ts";
import { createMemoryStore } from "./store/memory-store.ts";
import { createRedisStore, type StoreState } from "./store/redis-store.ts";
import { dialects } from "./transcode/dialect.ts";
import { createEndpointSet } from "./upstream/endpoint-set.ts";
import { createGrpcJsTransport } from "./upstream/grpc-js-transport.ts";
import { formatTarget } from "./upstream/target.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** How long the start waits for the first read of the schemas before it says that it listens. */
const firstPassMs = 3_000;

export interface App {
  /** Of the main listeners, in the config's order, with the ports that were bound. */
  readonly urls: readonly string[];
  /** Where the admin pages are; absent when they are off. */
  readonly adminUrl?: string;
  /** Reads every schema source and the TLS files again. */
  refresh(): void;
  /** Drains: refuses new connections, lets calls end within the configured grace, closes the channels. */
  close(): Promise<void>;
}

/**
 * Starts a gateway. Unreachable backends do not keep it from starting.
 * @throws Error when an address cannot be bound or a TLS file cannot be read
 */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  const shared = await createShared(config, logger);
  const gateway = await createConfiguredGateway(config, shared, logger);
  const admin = await createAdmin({
    routes: gateway.routes,
    explain: gateway.explain,
    readiness: gateway.readiness,
    onError: (error, where) => logger.error("admin page failed", { where, error }),
  });
  const adminOnMain = config.admin.kind === "main";
  const onError = (error: unknown, where: string): void => logger.debug("connection", { where, error });

  const isAdmin = (path: string): boolean => adminOnMain && admin.knows(path);
  const answer: ListenerOptions["handle"] = async (request) => {
    const response = await gateway.handle(request);
    if (response !== undefined || isAdmin(request.path)) return response;
    return gateway.notFound(request);
  };
  const { cors } = config;
  const main: Pick<ListenerOptions, "handle" | "upgrade" | "fallback" | "onError" | "limits"> = {
    handle: cors === undefined ? answer : withCors(cors, answer, (path) => !isAdmin(path)),
    upgrade: withOrigins(cors, gateway.upgrade),
    fallback: admin.handler,
    onError,
    limits: { ...config.limits, pingMs: config.heartbeat.webSocketMs },
  };
  const listeners: Listener[] = [];
  let adminListener: Listener | undefined;
  let tlsWatch: TlsFileWatch | undefined;
  try {
    const tls = config.tls && (await readTlsFiles(config.tls));
    for (const { host, port } of config.listen) {
      listeners.push(await createListener({ ...main, host, port, ...(tls && { tls }) }));
    }
    if (config.tls !== undefined && tls !== undefined) {
      const replace = (next: typeof tls): void => {
        for (const listener of listeners) listener.replaceTls(next);
      };
      tlsWatch = watchTlsFiles(config.tls, tls, replace, logger);
    }
    const urls = listeners.map(({ url }) => url);
    let adminUrl = adminOnMain ? urls[0] : undefined;
    if (config.admin.kind === "listener") {
      const { host, port } = config.admin;
      adminListener = await createListener({
        host,
        port,
        handle: async () => undefined,
        fallback: admin.handler,
        onError,
      });
      adminUrl = adminListener.url;
    }
    await Promise.race([gateway.firstPass, sleep(firstPassMs, undefined, { ref: false })]);
    return {
      urls,
      ...(adminUrl !== undefined && { adminUrl }),
      refresh() {
        gateway.refresh();
        tlsWatch?.refresh();
        shared.refresh();
      },
      close: async () => {
        tlsWatch?.close();
        gateway.drain();
        await Promise.all(listeners.map((listener) => listener.close(config.drain.graceMs)));
        // The last to go, so that /readyz says until then that the gateway is draining.
        await adminListener?.close(0);
        await gateway.close();
        await shared.close();
        await admin.close();
      },
    };
  } catch (reason) {
    tlsWatch?.close();
    await Promise.all([...listeners, adminListener].map((listener) => listener?.close(0)));
    await gateway.close();
    await shared.close();
    await admin.close();
    throw reason;
  }
}

/** The loaded gateway without a listener: what `check`, `routes` and `explain` ask. */
export interface Inspection {
  readonly routes: RouteTableView;
  /** @throws RpcError UNAVAILABLE where no schema could be read */
  explain(request: ExplainedRequest): Explanation;
  close(): Promise<void>;
}

/** Reads every source once and builds what would serve. */
export async function inspect(config: Config, logger: Logger): Promise<Inspection> {
  const gateway = await createConfiguredGateway(config, undefined, logger);
  await gateway.firstPass;
  return {
    routes: gateway.routes(),
    explain: gateway.explain,
    close: gateway.close,
  };
}

/** What is shared by all calls and outlives schemas beside the gateway. */
interface Shared {
  readonly stores: RateLimitStores;
  readonly verifiers: readonly Verifier[];
  refresh(): void;
  close(): Promise<void>;
}

/** @throws Error naming file and line of keys that cannot be read */
async function createShared({ store, auth }: Config, logger: Logger): Promise<Shared> {
  const verifiers = [
    ...(auth.jwt === undefined ? [] : [createTokenVerifier({ ...auth.jwt, logger })]),
    ...(auth.apiKeysFile === undefined ? [] : [createApiKeyVerifier({ file: auth.apiKeysFile, logger })]),
  ];
  const awaitsUrl = auth.jwt !== undefined && /^https?:/.test(auth.jwt.jwks);
  for (const verifier of verifiers) {
    const read = verifier.refresh();
    // A file that is not there is a mistake; an issuer that cannot be reached now may be in a moment.
    if (awaitsUrl && verifier.scheme === "bearer") read.catch(() => {});
    else await read;
  }
  const onState = ({ node, available, reason }: StoreState): void => {
    if (available) logger.info("limit store answers", { node });
    else logger.warn("limit store does not answer", { node, reason });
  };
  const shared = store && createRedisStore({ urls: store.redis, timeoutMs: store.timeoutMs, onState });
  return {
    stores: { local: createMemoryStore(), ...(shared && { shared }) },
    verifiers,
    refresh() {
      for (const verifier of verifiers) {
        verifier.refresh().catch((error) => logger.warn("keys could not be read again", { error }));
      }
    },
    async close() {
      await shared?.close();
    },
  };
}

async function createConfiguredGateway(
  config: Config,
  shared: Pick<Shared, "stores" | "verifiers"> | undefined,
  logger: Logger,
): Promise<Gateway> {
  const upstreams = await Promise.all(config.upstreams.map(createUpstream));
  const { timeout, limits } = config;
  const { maxBufferedBytes } = limits;
  return createGateway({
    upstreams,
    required: new Set(config.upstreams.filter(({ required }) => required).map(({ name }) => name)),
    sources: createSources(config, upstreams),
    serviceConfigFiles: config.schema.serviceConfigs,
    servicesOf: new Map(
      config.upstreams.flatMap(({ name, services }) => (services ? [[name, services]] : [])),
    ),
    dialect: dialects[config.profile],
    methods: config.methods,
    ...(config.unescape !== undefined && { unescape: config.unescape }),
    strict: config.strict,
    connect: shared !== undefined,
    ...(shared && {
      stores: shared.stores,
      auth: { verifiers: shared.verifiers, defaultRequired: config.auth.required },
    }),
    trustedProxies: config.trustedProxies,
    maxRequestBytes: config.maxRequestBytes,
    minCompressedBytes: config.compression.minBytes,
    ...(maxBufferedBytes !== undefined && { maxInFlightBytes: maxBufferedBytes }),
    heartbeatMs: config.heartbeat.sseMs,
    ...(timeout.maxMs !== undefined && { maxTimeoutMs: timeout.maxMs }),
    logger,
  });
}

async function createUpstream(config: UpstreamConfig): Promise<Upstream> {
  const { name, target } = config;
  const { caFile, certFile, keyFile, serverName } = config.tls;
  const ca = caFile && (await readFile(caFile));
  const cert = certFile && (await readFile(certFile));
  const key = keyFile && (await readFile(keyFile));
  const tls = {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(serverName && { serverName }),
  };
  const { health, ...endpoints } = config.endpoints;
  const transport = createEndpointSet({
    targets: config.targets,
    ...endpoints,
    ...(health && { health: { ...health, header: Header.of(config.header) } }),
    createTransport: (place) => createGrpcJsTransport({ ...place, tls }),
  });
  return { name, target, transport };
}

function createSources(config: Config, upstreams: readonly Upstream[]): SchemaSource[] {
  // Without reflection and without files of its own, an upstream serves what the files for all of them say; beside
  // reflection those files are an overlay.
  const described = config.upstreams.filter(({ reflection, schema }) => !reflection && isEmpty(schema));
  const sources = fileSources(
    config.schema,
    described.map(({ name }) => name),
  );
  for (const [index, upstream] of config.upstreams.entries()) {
    sources.push(...fileSources(upstream.schema, upstream.reflection ? [] : [upstream.name]));
    const invoke = upstreams[index]?.transport.invoke;
    if (!upstream.reflection || invoke === undefined) continue;
    sources.push(
      createReflectionSource({
        name: `reflection of ${labelOf(upstream)}`,
        upstream: upstream.name,
        place: `upstream ${labelOf(upstream)}`,
        invoke,
        intervalMs: config.reflection.intervalMs,
        timeoutMs: config.reflection.timeoutMs,
        header: Header.of(upstream.header),
      }),
    );
  }
  return sources;
}

function fileSources(config: SchemaConfig, upstreams: readonly string[]): SchemaSource[] {
  const { descriptorSets, protos, protoPaths } = config;
  const sources: SchemaSource[] = [];
  if (descriptorSets.length > 0)
    sources.push(createDescriptorSetSource({ files: descriptorSets, upstreams }));
  if (protos.length > 0) sources.push(createProtoSource({ files: protos, protoPaths, upstreams }));
  return sources;
}

function isEmpty({ descriptorSets, protos }: SchemaConfig): boolean {
  return descriptorSets.length === 0 && protos.length === 0;
}

/** `library (localhost:50051)`, or the address alone where that is the name. */
function labelOf({ name, target }: UpstreamConfig): string {
  const address = formatTarget(target);
  return name === address ? address : `${name} (${address})`;
}
