// What one place (the command line, the config file) says: parsed, but with nothing decided yet. A layer that names a
// key replaces it as a whole, so `--listen` replaces the file's `listen` and does not add to it.
import type { RestSettings } from "../gateway/rest-settings.ts";
import type { CorsOptions } from "../server/cors.ts";
import type { TlsFiles } from "../server/tls-files.ts";
import type { Dialect, ProfileName } from "../transcode/dialect.ts";
import type { Target } from "../upstream/upstream.ts";
import type { LogLevel, SchemaConfig, UpstreamTlsConfig } from "./config.ts";
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
  timeout: Loose<{ max: number }>;
  drain: Loose<{ grace: number }>;
  log: Loose<{ level: LogLevel }>;
}>;

export type LimitsLayer = Loose<{
  maxHeaderBytes: number;
  maxConnections: number;
  maxConcurrentRequests: number;
  maxBufferedBytes: number;
  stall: number;
  keepAlive: number;
  http2Idle: number;
}>;

export type UpstreamLayer = { readonly target: Target } & Loose<{
  name: string;
  reflection: boolean;
  services: readonly string[];
  header: readonly (readonly [string, string])[];
  required: boolean;
  schema: Loose<SchemaConfig>;
  tls: Loose<UpstreamTlsConfig>;
}>;

export type MethodLayer = { readonly selector: string } & Loose<{ rest: RestSettings }>;

export interface LayerReading {
  readonly layer: ConfigLayer;
  /** Where the value at a path of the layer was written: `protogate.yaml:4:7`, `--listen`. */
  placeOf(path: readonly PropertyKey[]): string;
}
