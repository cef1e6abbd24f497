// What /debug/routes and `protogate routes` show, as plain data: the JSON form is exactly this.

/** One choice of a method's policy that is in force, and who made it. */
export interface PolicyEntryView {
  /** As the config file has it: `rest.successStatus`, `timeout.max`. */
  readonly key: string;
  /** `201`, `x-user-id → user_id`, `10 per 1s, burst 20, by header:x-user-id, shared`, `none` */
  readonly value: string;
  /** `protogate.yaml:12:5`, `option in library.proto:42`, `service option in library.proto:12`, `profile google` */
  readonly origin: string;
}

/** Something of a method that changes while it serves: `rateLimit 1`, `7 of 20 left`; `inFlight`, `3 of 50`. */
export interface PolicyStateView {
  readonly key: string;
  readonly value: string;
}

export interface RouteView {
  readonly httpMethod: string;
  readonly template: string;
  /** `demo.library.v1.Library/GetBook` */
  readonly rpc: string;
  readonly kind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";
  readonly requestType: string;
  readonly replyType: string;
  readonly body: string;
  readonly responseBody: string;
  /** Where the rule was written. */
  readonly origin: string;
  /** Names of the upstreams that serve the RPC. */
  readonly upstreams: readonly string[];
  /**
   * Of the RPC: what an option, a service option or the config says, also where that is the default; how it speaks
   * REST, then its flow control. What the profile says for all methods alike is in `RouteTableView.policy`.
   */
  readonly policy: readonly PolicyEntryView[];
}

/** A method, which gRPC, gRPC-Web, Connect and WebSocket reach at `/` and its name whether it has routes or not. */
export interface MethodView {
  readonly rpc: string;
  readonly kind: RouteView["kind"];
  readonly requestType: string;
  readonly replyType: string;
  /** Names of the upstreams that serve it; `gateway` for the gateway's own. */
  readonly upstreams: readonly string[];
  readonly routeCount: number;
  /** Its flow control, which all protocols have alike: what an option, a service option or the config says. */
  readonly policy: readonly PolicyEntryView[];
  /** Its flow control at this moment; empty where there is nothing to tell. */
  readonly state: readonly PolicyStateView[];
}

export interface RefusedRouteView {
  readonly httpMethod: string;
  readonly template: string;
  readonly rpc: string;
  readonly origin: string;
  readonly reason: string;
}

export interface ShadowedRouteView {
  readonly httpMethod: string;
  readonly template: string;
  readonly rpc: string;
  readonly origin: string;
  /** The RPC and origin of the route that serves instead. */
  readonly shadowedBy: string;
}

export interface SchemaSourceView {
  readonly name: string;
  /** `waiting` = never read yet, `good` = the last read succeeded, `stale` = it failed and an older reading serves. */
  readonly state: "waiting" | "good" | "stale";
  readonly upstreams: readonly string[];
  readonly fileCount: number;
  readonly serviceCount: number;
  /** First 12 hex digits of the SHA-256 of what the source gave; empty while waiting. */
  readonly digest: string;
  /** ISO 8601 time of the last good read; null while waiting. */
  readonly readAt: string | null;
  readonly ageMs: number | null;
  /** The problems of the last read and of merging its files. */
  readonly problems: readonly { readonly place: string; readonly message: string }[];
}

export interface UpstreamView {
  readonly name: string;
  readonly target: string;
  readonly state: "idle" | "connecting" | "ready" | "transient_failure" | "shutdown";
  readonly lastError: string | null;
}

export interface RouteTableView {
  /** Digest of the merged schema in force; empty before the first snapshot. */
  readonly digest: string;
  /** ISO 8601 time when the snapshot began to serve; null before the first. */
  readonly since: string | null;
  readonly profile: string;
  /** Where all differ from the profile `standard`: in force for every method that does not say otherwise. */
  readonly policy: readonly PolicyEntryView[];
  readonly routes: readonly RouteView[];
  readonly methods: readonly MethodView[];
  readonly refused: readonly RefusedRouteView[];
  readonly shadowed: readonly ShadowedRouteView[];
  readonly sources: readonly SchemaSourceView[];
  readonly upstreams: readonly UpstreamView[];
  /** Problems that concern no single route: merge conflicts, selectors that match nothing. */
  readonly problems: readonly { readonly place: string; readonly message: string }[];
}
