// What pages of other origins may do: answers preflights and says on every answer who may read it and which headers.
// Off unless configured. Works on requests and responses as values, so both versions of HTTP and every protocol have
// the same: Connect's and gRPC-Web's headers are allowed and exposed without being listed.
// Sources: Fetch §3.2 (CORS protocol) and §3.2.5 (caches); connectrpc.com/docs/cors; gRPC-Web, "CORS support".
// Not here: Access-Control-Allow-Private-Network, which browsers have replaced by asking the user.

import { Header } from "../rpc/header.ts";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import { createOriginSet, type OriginSet } from "./origin-pattern.ts";

export interface CorsOptions {
  /** As `parseOrigin` returns them; `*` = every one. */
  readonly origins: readonly string[];
  /** Upper case; absent = the usual ones and the one that is asked for: what a path has no method for says 405 itself. */
  readonly methods?: readonly string[];
  /** Lower case, beside those of the protocols; absent = those that are asked for. */
  readonly headers?: readonly string[];
  /** Lower case, beside those of the protocols; absent = every header that a reply has. */
  readonly exposed?: readonly string[];
  /** How long a browser may remember the answer to a preflight. Browsers cap it: Chromium at 2 h, Firefox at 24 h. */
  readonly maxAgeMs: number;
  /** Whether cookies, HTTP authentication and client certificates count. Not together with the origin `*`. */
  readonly credentials: boolean;
}

type Handle = (request: HttpRequest) => Promise<HttpResponse | undefined>;

const usualMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** What browsers' clients of the protocols send; `authorization` is the operator's to list. */
const protocolRequestNames = [
  "content-type",
  "connect-protocol-version",
  "connect-timeout-ms",
  "connect-accept-encoding",
  "connect-content-encoding",
  "grpc-timeout",
  "grpc-accept-encoding",
  "grpc-encoding",
  "x-grpc-web",
  "x-user-agent",
  "x-server-timeout",
];

/** What browsers' clients of the protocols read. */
const protocolReplyNames: ReadonlySet<string> = new Set([
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-encoding",
  "connect-content-encoding",
  "content-encoding",
  "allow",
  "location",
  "retry-after",
  "www-authenticate",
]);

/** Readable without being exposed, or never readable. */
const needNoExposure: ReadonlySet<string> = new Set([
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
  "set-cookie",
  "set-cookie2",
  "vary",
]);

/**
 * Wraps `handle`. A request of an origin that is not allowed is served all the same, without a word that would let its
 * page read the answer: CORS protects browsers' users and is no access control, as other gateways have it.
 * Answers that `handle` leaves to somebody else (`undefined`) are not touched.
 * @param covers whether a path is the data plane's; preflights of others go to `handle`
 */
export function withCors(cors: CorsOptions, handle: Handle, covers: (path: string) => boolean): Handle {
  const origins = createOriginSet(cors.origins);
  return async (request) => {
    const origin = request.header.get("origin");
    if (origin === undefined) {
      const reply = await handle(request);
      // Only these are cached, and what a cache holds may be asked for by a page next.
      if (request.httpMethod !== "GET" && request.httpMethod !== "HEAD") return reply;
      return reply && withAnswer(reply, cors, origins, undefined);
    }
    if (isPreflight(request) && covers(request.path)) return preflightReply(request, cors, origins, origin);
    const reply = await handle(request);
    return reply && withAnswer(reply, cors, origins, origin);
  };
}

function isPreflight({ httpMethod, header }: HttpRequest): boolean {
  return httpMethod === "OPTIONS" && header.has("access-control-request-method");
}

/** Never reaches a backend, not even one with a route for OPTIONS. */
function preflightReply(
  request: HttpRequest,
  cors: CorsOptions,
  origins: OriginSet,
  origin: string,
): HttpResponse {
  const header = new Header([
    "vary",
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  ]);
  if (!origins.has(origin)) return { httpStatus: 204, header };
  allowOrigin(header, cors, origins, origin);
  header.append("access-control-allow-methods", methodsFor(request, cors).join(", "));
  const names = headersFor(request, cors);
  if (names.length > 0) header.append("access-control-allow-headers", names.join(", "));
  header.append("access-control-max-age", String(Math.floor(cors.maxAgeMs / 1000)));
  return { httpStatus: 204, header };
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function methodsFor(request: HttpRequest, cors: CorsOptions): readonly string[] {
  if (cors.methods !== undefined) return cors.methods;
  const asked = request.header.get("access-control-request-method") ?? "";
  return usualMethods.includes(asked) || !token.test(asked) ? usualMethods : [...usualMethods, asked];
}

function headersFor(request: HttpRequest, cors: CorsOptions): readonly string[] {
  if (cors.headers !== undefined) return [...new Set([...protocolRequestNames, ...cors.headers])];
  const asked = request.header.getAll("access-control-request-headers").join(",").split(",");
  return [...new Set(asked.map((name) => name.trim().toLowerCase()).filter((name) => token.test(name)))];
}

/** The reply with what the origin may do with it. A backend's own CORS headers are dropped: two answers are none. */
function withAnswer(
  reply: HttpResponse,
  cors: CorsOptions,
  origins: OriginSet,
  origin: string | undefined,
): HttpResponse {
  const header = new Header();
  const { flat } = reply.header;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (!name.startsWith("access-control-")) header.append(name, flat[i + 1] as string);
  }
  const open = isOpen(cors, origins);
  if (!open) varyByOrigin(header);
  if (open || (origin !== undefined && origins.has(origin))) {
    const names = exposedNames(header, cors);
    allowOrigin(header, cors, origins, origin ?? "*");
    if (names.length > 0) header.append("access-control-expose-headers", names.join(", "));
  }
  return { ...reply, header };
}

/** Every origin gets the same answer, so that caches need not tell them apart. */
function isOpen(cors: CorsOptions, origins: OriginSet): boolean {
  return origins.any && !cors.credentials;
}

function allowOrigin(header: Header, cors: CorsOptions, origins: OriginSet, origin: string): void {
  header.append("access-control-allow-origin", isOpen(cors, origins) ? "*" : origin);
  if (cors.credentials) header.append("access-control-allow-credentials", "true");
}

/** By name and not as `*`, which old browsers and all requests with credentials take for a header of that name. */
function exposedNames(header: Header, { exposed }: CorsOptions): readonly string[] {
  const names = new Set<string>();
  for (const [name] of header) {
    if (needNoExposure.has(name)) continue;
    // Connect sends trailers of unary calls as headers under this prefix.
    const plain = name.startsWith("trailer-") ? name.slice("trailer-".length) : name;
    if (exposed === undefined || exposed.includes(plain) || protocolReplyNames.has(plain)) names.add(name);
  }
  return [...names];
}

function varyByOrigin(header: Header): void {
  const vary = header.getAll("vary").join(", ");
  if (vary === "") header.append("vary", "Origin");
  else if (!/(?:^|[\s,])(?:\*|origin)(?:$|[\s,])/i.test(vary)) header.set("vary", `${vary}, Origin`);
}
