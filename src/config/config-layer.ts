// What one place (the command line, the config file) says: parsed, but with nothing decided yet. A layer that names a
// key replaces it as a whole, so `--listen` replaces the file's `listen` and does not add to it.
import type {
  AuthSetting,
  CircuitBreakerSetting,
  ConcurrencySetting,
  HedgeSetting,
  Off,
  RateLimitSetting,
  RetrySetting,
} from "../gateway/flow-settings.ts";
import type { RestSettings } from "../gateway/rest-settings.ts";
import type { AddressRange } from "../pipeline/limit-key/address-range.ts";
import type { CorsOptions } from "../server/cors.ts";
import type { TlsFiles } from "../server/tls-files.ts";
import type { Dialect, ProfileName } from "../transcode/dialect.ts";
import type { Target } from "../upstream/upstream.ts";
import type { LogLevel, SchemaConfig, TokenConfig, UpstreamTlsConfig } from "./config.ts";
import type { EndpointsLayer } from "./endpoints-shape.ts";
import type { ListenAddress } from "./listen-text.ts";

/** Optional keys may be there with `undefined`, which counts as not there. */
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

export type ConfigLayer = Loose<{
  listen: readonly ListenAddress[];
  admin: "off" | ListenAddress;
  profile: ProfileName;
  strict: boolean;
  maxRequestBytes: number;
  tls: Loose<TlsFiles>;
  cors: Loose<Omit<CorsOptions, "maxAgeMs"> & { maxAge: number }>;
  compression: Loose<{ enabled: boolean; minBytes: number }>;
  /** 0 = off. */
  heartbeat: Loose<{ sse: number; webSocket: number }>;
  limits: LimitsLayer;
  upstreams: readonly UpstreamLayer[];
  schema: Loose<SchemaConfig & { serviceConfigs: readonly string[] }>;
  rest: RestSettings & Loose<Pick<Dialect, "unescape">>;
  methods: readonly MethodLayer[];
  reflection: Loose<{ enabled: boolean; interval: number; timeout: number }>;
  /** `max` is the gateway's own bound, the others hold for every method. */
  timeout: Loose<{ max: number; default: Quantity; perTry: Quantity }>;
  drain: Loose<{ grace: number }>;
  log: Loose<{ level: LogLevel }>;
  auth: Loose<{
    jwt: TokenLayer;
    apiKeys: string;
    default: "public" | "required";
  }>;
  trustedProxies: readonly AddressRange[];
  store: Loose<{ redis: readonly string[]; timeout: number }>;
}> &
  Omit<FlowLayer, "maxRequestBytes" | "timeout" | "auth">;

type Quantity = number | Off;

/** Of every method or of some; `decide-methods.ts` makes one flat list of it. */
export type FlowLayer = Loose<{
  rateLimit: readonly RateLimitSetting[];
  concurrency: ConcurrencySetting | Off;
  maxRequestBytes: Quantity;
  maxReplyBytes: Quantity;
  timeout: Loose<{ default: Quantity; max: Quantity; perTry: Quantity }>;
  stream: Loose<{
    requests: DirectionLayer;
    replies: DirectionLayer;
    maxDuration: Quantity;
    idleTimeout: Quantity;
  }>;
  retry: RetrySetting | Off;
  hedge: HedgeSetting | Off;
  circuitBreaker: CircuitBreakerSetting | Off;
  auth: AuthSetting;
}>;

type DirectionLayer = Loose<{
  messagesPerSecond: Quantity;
  bytesPerSecond: Quantity;
  excess: "delay" | "refuse";
  maxMessages: Quantity;
  maxTotalBytes: Quantity;
}>;

export type TokenLayer = Omit<TokenConfig, "algorithms" | "clockToleranceMs"> &
  Loose<{ algorithms: readonly string[]; clockTolerance: number }>;

export type LimitsLayer = Loose<{
  maxHeaderBytes: number;
  maxConnections: number;
  maxConcurrentRequests: number;
  maxBufferedBytes: number;
  stall: number;
  keepAlive: number;
  http2Idle: number;
}>;

export type UpstreamLayer = { readonly target: Target } & EndpointsLayer &
  Loose<{
    /** All of its targets; absent = the one. */
    targets: readonly Target[];
    name: string;
    reflection: boolean;
    services: readonly string[];
    header: readonly (readonly [string, string])[];
    required: boolean;
    schema: Loose<SchemaConfig>;
    tls: Loose<UpstreamTlsConfig>;
  }>;

export type MethodLayer = { readonly selector: string } & Loose<{ rest: RestSettings }> & FlowLayer;

export interface LayerReading {
  readonly layer: ConfigLayer;
  /** Where the value at a path of the layer was written: `protogate.yaml:4:7`, `--listen`. */
  placeOf(path: readonly PropertyKey[]): string;
}
