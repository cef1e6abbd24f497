// The composition root: the only place that wires rooms together, from a resolved config to a running gateway.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createAdmin } from "./admin/create-admin.ts";
import type { Config, ListenerTlsConfig, SchemaConfig, UpstreamConfig } from "./config/config.ts";
import type { ExplainedRequest } from "./gateway/explain-request.ts";
import type { Explanation } from "./gateway/explanation.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import type { RouteTableView } from "./gateway/route-table-view.ts";
import { Header } from "./rpc/header.ts";
import type { Logger } from "./rpc/logger.ts";
import { createDescriptorSetSource } from "./schema/descriptor-set-source.ts";
import { createProtoSource } from "./schema/proto-source.ts";
import { createReflectionSource } from "./schema/reflection-source.ts";
import type { SchemaSource } from "./schema/source.ts";
import { createListener } from "./server/create-listener.ts";
import type { Listener, ListenerOptions } from "./server/listener.ts";
import { dialects } from "./transcode/dialect.ts";
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
  /** Reads every schema source again. */
  refresh(): void;
  /** Drains: refuses new connections, lets calls end within the configured grace, closes the channels. */
  close(): Promise<void>;
}

/**
 * Starts a gateway. Unreachable backends do not keep it from starting.
 * @throws Error when an address cannot be bound or a TLS file cannot be read
 */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  const gateway = await createConfiguredGateway(config, logger, true);
  const admin = await createAdmin({
    routes: gateway.routes,
    explain: gateway.explain,
    readiness: gateway.readiness,
    onError: (error, where) => logger.error("admin page failed", { where, error }),
  });
  const adminOnMain = config.admin.kind === "main";
  const onError = (error: unknown, where: string): void => logger.debug("connection", { where, error });

  const main: Pick<ListenerOptions, "handle" | "fallback" | "onError"> = {
    handle: async (request) => {
      const response = await gateway.handle(request);
      if (response !== undefined || (adminOnMain && admin.knows(request.path))) return response;
      return gateway.notFound(request);
    },
    fallback: admin.handler,
    onError,
  };
  const listeners: Listener[] = [];
  let adminListener: Listener | undefined;
  try {
    const tls = config.tls && (await readTls(config.tls));
    for (const { host, port } of config.listen) {
      listeners.push(await createListener({ ...main, host, port, ...(tls && { tls }) }));
    }
    const urls = listeners.map(({ url }) => url);
    let adminUrl = adminOnMain ? urls[0] : undefined;
    if (config.admin.kind === "listener") {
      const { host, port } = config.admin;
      adminListener = await createListener({ ...main, host, port, handle: async () => undefined });
      adminUrl = adminListener.url;
    }
    await Promise.race([gateway.firstPass, sleep(firstPassMs, undefined, { ref: false })]);
    return {
      urls,
      ...(adminUrl !== undefined && { adminUrl }),
      refresh: gateway.refresh,
      close: async () => {
        gateway.drain();
        await Promise.all(listeners.map((listener) => listener.close(config.drain.graceMs)));
        // The last to go, so that /readyz says until then that the gateway is draining.
        await adminListener?.close(0);
        await gateway.close();
        await admin.close();
      },
    };
  } catch (reason) {
    await Promise.all([...listeners, adminListener].map((listener) => listener?.close(0)));
    await gateway.close();
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
  const gateway = await createConfiguredGateway(config, logger, false);
  await gateway.firstPass;
  return {
    routes: gateway.routes(),
    explain: gateway.explain,
    close: gateway.close,
  };
}

async function createConfiguredGateway(config: Config, logger: Logger, connect: boolean): Promise<Gateway> {
  const upstreams = await Promise.all(config.upstreams.map(createUpstream));
  const { timeout } = config;
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
    connect,
    maxRequestBytes: config.maxRequestBytes,
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
  return { name, target, transport: createGrpcJsTransport({ target, tls }) };
}

/** @throws Error naming the file that is not what it should be: OpenSSL's own text names none */
async function readTls(config: ListenerTlsConfig): Promise<NonNullable<ListenerOptions["tls"]>> {
  const { certFile, keyFile, clientCaFile } = config;
  const clientCa = clientCaFile && (await readPem(clientCaFile, "certificates", isCertificate));
  return {
    cert: await readPem(certFile, "a certificate", isCertificate),
    key: await readPem(keyFile, "a private key", createPrivateKey),
    ...(clientCa && { clientCa }),
  };
}

const isCertificate = (pem: string): unknown => new X509Certificate(pem);

async function readPem(file: string, what: string, check: (pem: string) => unknown): Promise<string> {
  const pem = await readFile(file, "utf8");
  try {
    check(pem);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // With a code it counts as somebody's mistake, which is told in a line, and not as ours, which has a stack.
    const error = new Error(`${file}: expected ${what} in PEM, ${reason}`, { cause });
    throw Object.assign(error, { code: "INVALID_PEM" });
  }
  return pem;
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
