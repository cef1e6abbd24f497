// The resolved configuration: everything decided, defaults applied, immutable. What people write is in
// config-shape.ts (the file) and flag-spec.ts (the command line); resolve-config.ts turns both into this.
import type { TokenVerifierOptions } from "../auth/token-options.ts";
import type { MethodSettings } from "../gateway/method-settings.ts";
import type { AddressRange } from "../pipeline/limit-key/address-range.ts";
import type { CorsOptions } from "../server/cors.ts";
import type { ListenerLimits } from "../server/listener-limits.ts";
import type { TlsFiles } from "../server/tls-files.ts";
import type { Dialect, ProfileName } from "../transcode/dialect.ts";
import type { Target } from "../upstream/upstream.ts";
import type { EndpointsConfig } from "./decide-endpoints.ts";
import type { ListenAddress } from "./listen-text.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "off";

export interface Config {
  /** Where the main listener listens, at least one address. Default `127.0.0.1:8080`. */
  readonly listen: readonly ListenAddress[];
  readonly admin: AdminConfig;
  /** REST dialect. Default `standard`. */
  readonly profile: ProfileName;
  /** Whether a shadowed route is an error and not only listed. Default false. */
  readonly strict: boolean;
  /** Limit of one request message, decompressed. Default 4 MiB. */
  readonly maxRequestBytes: number;
  /** TLS on the main listener; absent = cleartext. */
  readonly tls?: TlsFiles;
  /** Which pages of other origins may call; absent = none. */
  readonly cors?: CorsOptions;
  readonly compression: {
    /** Replies smaller than this are not compressed; `Infinity` = none is. Default 1 KiB. */
    readonly minBytes: number;
  };
  /** Silence after which the gateway sends a sign of life; off = `neverMs`. */
  readonly heartbeat: {
    /** A comment on a stream of server-sent events. Default 15 s. */
    readonly sseMs: number;
    /** A ping on a WebSocket, to be answered before the next one. Default 30 s. */
    readonly webSocketMs: number;
  };
  /** What one client of the main listener may hold; what is not named keeps the listener's own default. */
  readonly limits: Partial<ListenerLimits>;
  /** Empty = none was named; `serve`, `check`, `routes` and `explain` then use the built-in demo. */
  readonly upstreams: readonly UpstreamConfig[];
  /** Schema sources that concern every upstream. */
  readonly schema: SchemaConfig & { readonly serviceConfigs: readonly string[] };
  /** How a path variable of several segments is decoded; absent = as service configs or the profile say. */
  readonly unescape?: Dialect["unescape"];
  /** What the file says for all methods, then its `methods`: of two for one method the later wins, key by key. */
  readonly methods: readonly MethodSettings[];
  readonly reflection: {
    /** Time between two readings of one upstream's reflection. Default 30 s. */
    readonly intervalMs: number;
    /** How long one reading may take. Default 10 s. */
    readonly timeoutMs: number;
  };
  readonly timeout: {
    /** Bound of every call's deadline; absent = no bound, which is the default. */
    readonly maxMs?: number;
  };
  readonly drain: {
    /** How long calls in flight may go on after SIGTERM. Default 30 s. */
    readonly graceMs: number;
  };
  readonly log: { readonly level: LogLevel };
  readonly auth: AuthConfig;
  /** Whose `x-forwarded-for` counts; empty = nobody's. */
  readonly trustedProxies: readonly AddressRange[];
  /** Where limits of scope `shared` are counted; absent = by each gateway for itself. */
  readonly store?: StoreConfig;
}

export interface AuthConfig {
  /** Tokens that are verified; absent = none. */
  readonly jwt?: TokenConfig;
  /** Path of the file of API keys; absent = none. */
  readonly apiKeysFile?: string;
  /** Whether methods that do not say who may call want a principal. Default false. */
  readonly required: boolean;
}

/** Options of the token verifier that an operator has a say in. */
export type TokenConfig = Pick<TokenVerifierOptions, "jwks" | "algorithms" | "clockToleranceMs"> & {
  readonly issuer: readonly string[];
  readonly audience: readonly string[];
};

export interface StoreConfig {
  /** URLs, which may have passwords: not for logs. At least one; several are nodes of a cluster. */
  readonly redis: readonly string[];
  /** How long a call waits for the store at most. Default 50 ms. */
  readonly timeoutMs: number;
}

/** `main` = the admin pages answer on the main listener, `off` = nowhere, `listener` = on a listener of their own. */
export type AdminConfig =
  | { readonly kind: "main" }
  | { readonly kind: "off" }
  | ({ readonly kind: "listener" } & ListenAddress);

/** Paths of PEM files. */
export interface UpstreamConfig {
  /** As given, else `host:port`. Unique. */
  readonly name: string;
  /** The first of the targets. */
  readonly target: Target;
  /** Where its endpoints are, at least one. All are TLS or none is. */
  readonly targets: readonly Target[];
  readonly endpoints: EndpointsConfig;
  /**
   * Whether its schema is read by server reflection. Where there is no other source for it, yes; beside descriptor sets
   * or .proto files only when asked for, and those files then are an overlay: they supply what reflection lost.
   */
  readonly reflection: boolean;
  /**
   * Selectors (`acme.v1.Billing`, `acme.v1.*`) of the services it serves; absent = all of the schema. With descriptor
   * sets and no reflection that means every service of the set, whether the backend has it or not.
   */
  readonly services?: readonly string[];
  /** Header for the gateway's own calls (reflection), such as a token. Names are lower case. */
  readonly header: readonly (readonly [name: string, value: string])[];
  /** Whether `/readyz` waits for it. Default true. */
  readonly required: boolean;
  /** Schema sources of this upstream alone. */
  readonly schema: SchemaConfig;
  /** How to verify the backend and to be known to it; only where the target says TLS. Paths of PEM files. */
  readonly tls: UpstreamTlsConfig;
}

export interface UpstreamTlsConfig {
  /** Default: the system's certificate authorities. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name in the backend's certificate, where it is not the target's host. */
  readonly serverName?: string;
}

export interface SchemaConfig {
  /** Paths of `FileDescriptorSet` files. */
  readonly descriptorSets: readonly string[];
  /** .proto files, as paths or as import paths under one of `protoPaths`. */
  readonly protos: readonly string[];
  /** Folders that imports are looked up in. Default: the folder of each .proto file. */
  readonly protoPaths: readonly string[];
}

/** What a timer of Node can wait at most, nearly 25 days; with `Infinity` it would fire at once. */
export const neverMs = 2 ** 31 - 1;

/** What holds where neither a flag nor the file says otherwise. */
export const defaults = {
  listen: "127.0.0.1:8080",
  /** Where the main listener can be reached from elsewhere. Loopback, because the pages show the whole schema. */
  adminListen: "127.0.0.1:9901",
  profile: "standard",
  /** What a gRPC server accepts by default: more would be sent in vain to most backends. */
  maxRequestBytes: 4 * 1024 ** 2,
  /** About one packet: below it compressing costs more than it saves. */
  minCompressedBytes: 1024,
  /** What the HTML standard advises. */
  sseHeartbeatMs: 15_000,
  /** What Chromium takes at most. */
  corsMaxAgeMs: 7_200_000,
  /** Often enough that a deployment shows within half a minute, rarely enough to be no load. */
  reflectionIntervalMs: 30_000,
  reflectionTimeoutMs: 10_000,
  /** The time Kubernetes gives a pod by default (`terminationGracePeriodSeconds`). */
  drainGraceMs: 30_000,
  logLevel: "info",
  /** Several times what a Redis nearby takes, and little against what a call takes. */
  storeTimeoutMs: 50,
} as const;
