// Which route of REST a WebSocket's path means. The handshake is always a GET, so its HTTP method says nothing: of the
// routes that the path has, the one that streams is meant, which is what WebSockets are for, else the first in the order
// below. What has an effect needs a message of its own: a route without a body serves only as a GET.
import { streamsReplies, streamsRequests } from "../../rpc/method.ts";
import type { MethodLookup } from "../../rpc/served-method.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { Route } from "../../transcode/route.ts";
import type { Router } from "../../transcode/router.ts";
import { createRouteTarget, type WebSocketTarget } from "./websocket-target.ts";

export interface RouteLookupOptions {
  readonly router: Router;
  readonly dialect: Dialect;
  readonly methodOf: MethodLookup;
}

/** The target of a path and of the query without `$timeout`; undefined where no route serves. */
export type RouteLookup = (path: string, query: string) => WebSocketTarget | undefined;

const httpMethods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

export function createRouteLookup({ router, dialect, methodOf }: RouteLookupOptions): RouteLookup {
  return (path, query) => {
    let chosen: { readonly route: Route; readonly captures: readonly string[] } | undefined;
    for (const httpMethod of httpMethods) {
      const match = router.match(httpMethod, path);
      if (match.kind !== "route" || !serves(match.route, httpMethod)) continue;
      if (chosen === undefined || (streams(match.route) && !streams(chosen.route))) chosen = match;
    }
    if (chosen === undefined) return undefined;
    const { route, captures } = chosen;
    const method = methodOf(route.info.path);
    if (method === undefined) return undefined;
    return createRouteTarget({ method, route, captures, query, dialect });
  };
}

/** The pieces of a file are no messages, so a route that takes one is for HTTP; its method's own path takes HttpBody. */
function serves(route: Route, httpMethod: string): boolean {
  return !route.rawRequestBody && (route.body !== "" || httpMethod === "GET");
}

function streams({ info }: Route): boolean {
  return streamsRequests(info.kind) || streamsReplies(info.kind);
}
