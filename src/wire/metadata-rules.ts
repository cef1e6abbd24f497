// Which headers are metadata and under which names, in both directions: one table for each family of clients.
// Sources: semantics.md "Headers and metadata"; grpc-gateway v2, runtime/context.go and handler.go (names and prefixes);
// Google's API clients, which send `-bin` headers as raw bytes.

export interface MetadataRules {
  /** Request headers that are metadata: all but the transport's, or those named here, in lower case. */
  readonly requestNames: "all" | ReadonlySet<string>;
  /** Stands before the metadata name of a header that `requestNames` lists. */
  readonly requestPrefix: string;
  /** Listed headers that are metadata under their own name as well. */
  readonly unprefixed: ReadonlySet<string>;
  /** A request header that begins so is metadata under the rest of its name; reply metadata gets it as its prefix. */
  readonly metadataPrefix: string;
  /** Stands before the names of trailer metadata where it becomes an HTTP trailer. */
  readonly trailerPrefix: string;
  /** A `-bin` value that is not base64: INVALID_ARGUMENT, or taken as raw bytes. */
  readonly notBase64: "refuse" | "raw";
  /** Whether a 401 carries its message as `WWW-Authenticate`. */
  readonly challenge: boolean;
}

const standard: MetadataRules = {
  requestNames: "all",
  requestPrefix: "",
  unprefixed: new Set(),
  metadataPrefix: "",
  trailerPrefix: "",
  notBase64: "refuse",
  challenge: false,
};

/** What IANA had as permanent request headers when grpc-gateway wrote its list. `host` is never a header there. */
const permanentNames: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-language",
  "accept-ranges",
  "authorization",
  "cache-control",
  "content-type",
  "cookie",
  "date",
  "expect",
  "from",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-schedule-tag-match",
  "if-unmodified-since",
  "max-forwards",
  "origin",
  "pragma",
  "referer",
  "user-agent",
  "via",
  "warning",
]);

export const metadataRules = {
  standard,
  "grpc-gateway": {
    requestNames: permanentNames,
    requestPrefix: "grpcgateway-",
    unprefixed: new Set(["authorization"]),
    metadataPrefix: "grpc-metadata-",
    trailerPrefix: "grpc-trailer-",
    notBase64: "refuse",
    challenge: true,
  },
  google: { ...standard, notBase64: "raw" },
} satisfies Record<string, MetadataRules>;

/**
 * Whether the metadata name of a header is the gateway's own word, which nobody says in its place under
 * `metadataPrefix`: a backend would take the client's text for what the gateway knows.
 */
export function isGatewayName(name: string, rules: MetadataRules): boolean {
  if (name.startsWith("x-forwarded-") || gatewayNames.has(name)) return true;
  return rules.requestPrefix !== "" && name.startsWith(rules.requestPrefix);
}

/** Beside `x-forwarded-*` and the names with `requestPrefix`: an address in RFC 7239's words and in nginx's. */
const gatewayNames: ReadonlySet<string> = new Set(["forwarded", "x-real-ip"]);

/**
 * Headers that a list of names does not hold back: the gateway appends to the first three, a trace goes on through
 * every hop, and a client that resumes a stream of events says where.
 */
export const alwaysPassed: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "traceparent",
  "tracestate",
  "last-event-id",
]);
