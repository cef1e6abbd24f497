// Flags over file over defaults: decides the one Config, and checks what only shows when all of it is known. A flag
// replaces the file's key as a whole.
import type { Problem } from "../schema/problem.ts";
import type { CorsOptions } from "../server/cors.ts";
import { defaultLimits, type ListenerLimits } from "../server/listener-limits.ts";
import { formatTarget } from "../upstream/target.ts";
import {
  type AdminConfig,
  type AuthConfig,
  type Config,
  defaults,
  type LogLevel,
  neverMs,
  type TokenConfig,
  type UpstreamConfig,
} from "./config.ts";
import { readConfigFile } from "./config-file.ts";
import type { ConfigLayer, LayerReading, LimitsLayer, TokenLayer, UpstreamLayer } from "./config-layer.ts";
import { crossProblems } from "./cross-problems.ts";
import { decideEndpoints } from "./decide-endpoints.ts";
import { decideMethods } from "./decide-methods.ts";
import { readFlags } from "./flags.ts";
import { isLoopback, type ListenAddress, parseListen } from "./listen-text.ts";
import type { ParsedArguments } from "./parse-arguments.ts";

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ResolveOptions {
  /** The positionals that name upstreams. */
  readonly upstreams: readonly string[];
  /** Level of the log where neither a flag nor the file gives one; `info` by default. */
  readonly logLevel?: LogLevel;
}

/**
 * Resolves a command line, with the file that its `--config` names, and checks that every file it names can be read.
 * All problems at once; never throws.
 */
export function resolveConfig(parsedArguments: ParsedArguments, options: ResolveOptions): ConfigOutcome {
  const flags = readFlags(parsedArguments, options.upstreams);
  const problems: Problem[] = [...flags.problems];
  const path = parsedArguments.values.get("config")?.at(0);
  let file: LayerReading | undefined;
  if (path !== undefined) {
    const outcome = readConfigFile(path);
    if (outcome.ok) file = outcome.reading;
    else problems.push(...outcome.problems);
  }
  if (problems.length > 0) return { ok: false, problems };

  const merged = mergeLayers(flags, file);
  const config = decide(merged, options.logLevel ?? defaults.logLevel);
  const crossed = crossProblems(config, merged, path);
  return crossed.length > 0 ? { ok: false, problems: crossed } : { ok: true, config: deepFreeze(config) };
}

/** Groups (`tls`, `schema` …) merge key by key; everything else is taken from the upper layer that has it. */
function mergeLayers(upper: LayerReading, lower: LayerReading | undefined): LayerReading {
  if (lower === undefined) return upper;
  const [a, b] = [upper.layer, lower.layer];
  const layer: ConfigLayer = {
    listen: a.listen ?? b.listen,
    admin: a.admin ?? b.admin,
    profile: a.profile ?? b.profile,
    strict: a.strict ?? b.strict,
    maxRequestBytes: a.maxRequestBytes ?? b.maxRequestBytes,
    tls: mergeGroup(a.tls, b.tls),
    cors: a.cors ?? b.cors,
    compression: a.compression ?? b.compression,
    heartbeat: a.heartbeat ?? b.heartbeat,
    limits: a.limits ?? b.limits,
    upstreams: a.upstreams ?? b.upstreams,
    schema: mergeGroup(a.schema, b.schema),
    rest: mergeGroup(a.rest, b.rest),
    methods: a.methods ?? b.methods,
    rateLimit: a.rateLimit ?? b.rateLimit,
    concurrency: a.concurrency ?? b.concurrency,
    maxReplyBytes: a.maxReplyBytes ?? b.maxReplyBytes,
    stream: a.stream ?? b.stream,
    retry: a.retry ?? b.retry,
    hedge: a.hedge ?? b.hedge,
    circuitBreaker: a.circuitBreaker ?? b.circuitBreaker,
    reflection: mergeGroup(a.reflection, b.reflection),
    timeout: mergeGroup(a.timeout, b.timeout),
    drain: mergeGroup(a.drain, b.drain),
    log: mergeGroup(a.log, b.log),
    auth: a.auth ?? b.auth,
    trustedProxies: a.trustedProxies ?? b.trustedProxies,
    store: mergeGroup(a.store, b.store),
  };
  return { layer, placeOf: (path) => (hasOwner(a, path) ? upper : lower).placeOf(path) };
}

const groups: readonly PropertyKey[] = [
  ...["tls", "schema", "rest", "reflection", "timeout", "drain", "log", "store"],
];

/** Whether a layer is where the value at a path came from: it has the key, or the group's key, that the path goes through. */
function hasOwner(layer: ConfigLayer, path: readonly PropertyKey[]): boolean {
  let value: unknown = layer;
  for (const step of path.slice(0, groups.includes(path[0] ?? "") ? 2 : 1)) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }
  return value !== undefined;
}

function mergeGroup<T extends object>(upper: T | undefined, lower: T | undefined): T | undefined {
  if (upper === undefined || lower === undefined) return upper ?? lower;
  const given = Object.fromEntries(Object.entries(upper).filter(([, value]) => value !== undefined));
  return { ...lower, ...given };
}

function decide(reading: LayerReading, logLevel: LogLevel): Config {
  const { layer } = reading;
  const listen = layer.listen ?? [defaultAddress(defaults.listen)];
  const { tls, timeout } = layer;
  return {
    listen,
    admin: decideAdmin(layer.admin, listen),
    profile: layer.profile ?? defaults.profile,
    strict: layer.strict ?? false,
    maxRequestBytes: layer.maxRequestBytes ?? defaults.maxRequestBytes,
    // What is missing of it is found by crossProblems.
    ...(tls === undefined
      ? {}
      : {
          tls: defined({
            ...tls,
            certFile: tls.certFile ?? "",
            keyFile: tls.keyFile ?? "",
            clientAuth: tls.clientAuth ?? "require",
          }),
        }),
    ...(layer.cors === undefined ? {} : { cors: decideCors(layer.cors) }),
    compression: {
      minBytes:
        layer.compression?.enabled === false
          ? Number.POSITIVE_INFINITY
          : (layer.compression?.minBytes ?? defaults.minCompressedBytes),
    },
    heartbeat: {
      sseMs: decideHeartbeat(layer.heartbeat?.sse, defaults.sseHeartbeatMs),
      webSocketMs: decideHeartbeat(layer.heartbeat?.webSocket, defaultLimits.pingMs),
    },
    limits: decideLimits(layer.limits ?? {}),
    upstreams: (layer.upstreams ?? []).map((upstream) => decideUpstream(upstream, layer)),
    schema: { ...decideSchema(layer.schema), serviceConfigs: layer.schema?.serviceConfigs ?? [] },
    ...(layer.rest?.unescape === undefined ? {} : { unescape: layer.rest.unescape }),
    methods: decideMethods(reading),
    reflection: {
      intervalMs: layer.reflection?.interval ?? defaults.reflectionIntervalMs,
      timeoutMs: layer.reflection?.timeout ?? defaults.reflectionTimeoutMs,
    },
    timeout: timeout?.max === undefined ? {} : { maxMs: timeout.max },
    drain: { graceMs: layer.drain?.grace ?? defaults.drainGraceMs },
    log: { level: layer.log?.level ?? logLevel },
    auth: decideAuth(layer.auth ?? {}),
    trustedProxies: layer.trustedProxies ?? [],
    ...(layer.store !== undefined && {
      store: {
        // That there is none is found by crossProblems.
        redis: layer.store.redis ?? [],
        timeoutMs: layer.store.timeout ?? defaults.storeTimeoutMs,
      },
    }),
  };
}

function decideCors({
  origins,
  methods,
  headers,
  exposed,
  ...cors
}: NonNullable<ConfigLayer["cors"]>): CorsOptions {
  return {
    // What is missing of it is found by crossProblems.
    origins: origins ?? [],
    ...defined({ methods, headers, exposed }),
    maxAgeMs: cors.maxAge ?? defaults.corsMaxAgeMs,
    credentials: cors.credentials ?? false,
  };
}

function decideAuth({ jwt, apiKeys, default: byDefault }: NonNullable<ConfigLayer["auth"]>): AuthConfig {
  return defined({
    jwt: jwt && decideToken(jwt),
    apiKeysFile: apiKeys,
    required: byDefault === "required",
  });
}

function decideToken({ clockTolerance, ...jwt }: TokenLayer): TokenConfig {
  return defined({ ...jwt, clockToleranceMs: clockTolerance });
}

function decideHeartbeat(given: number | undefined, byDefault: number): number {
  return given === 0 ? neverMs : (given ?? byDefault);
}

function decideLimits(limits: LimitsLayer): Partial<ListenerLimits> {
  const { stall, keepAlive, http2Idle, ...counts } = limits;
  return defined({ ...counts, stallMs: stall, keepAliveMs: keepAlive, http2IdleMs: http2Idle });
}

/** The rule of design.md §1: the admin pages are on the main port only where nobody else can reach it. */
function decideAdmin(admin: ConfigLayer["admin"], listen: readonly ListenAddress[]): AdminConfig {
  if (admin === "off") return { kind: "off" };
  if (admin !== undefined) return { kind: "listener", ...admin };
  if (listen.every((address) => isLoopback(address.host))) return { kind: "main" };
  return { kind: "listener", ...defaultAddress(defaults.adminListen) };
}

function decideUpstream(upstream: UpstreamLayer, layer: ConfigLayer): UpstreamConfig {
  const own = decideSchema(upstream.schema);
  const global = decideSchema(layer.schema);
  const sourceCount =
    own.descriptorSets.length + own.protos.length + global.descriptorSets.length + global.protos.length;
  const { target, services } = upstream;
  return {
    name: upstream.name ?? formatTarget(target),
    target,
    targets: upstream.targets ?? [target],
    endpoints: decideEndpoints(upstream),
    reflection: upstream.reflection ?? layer.reflection?.enabled ?? sourceCount === 0,
    ...(services === undefined ? {} : { services }),
    header: upstream.header ?? [],
    required: upstream.required ?? true,
    schema: own,
    tls: defined(upstream.tls ?? {}),
  };
}

function decideSchema(schema: UpstreamLayer["schema"]): UpstreamConfig["schema"] {
  return {
    descriptorSets: schema?.descriptorSets ?? [],
    protos: schema?.protos ?? [],
    protoPaths: schema?.protoPaths ?? [],
  };
}

function defaultAddress(text: string): ListenAddress {
  const outcome = parseListen(text);
  if (!outcome.ok) throw new TypeError(`${text} is no address`);
  return outcome.value;
}

/** The keys that have a value, as `exactOptionalPropertyTypes` wants them. */
function defined<T extends object>(group: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(group).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
