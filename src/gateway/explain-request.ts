// Answers "what would the gateway do with this request?" without sending anything.
import { Code, codeName } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { RequestParts, Route } from "../transcode/route.ts";
import { httpStatusOf } from "../wire/http-status.ts";
import type { Explanation } from "./explanation.ts";
import { rpcOf, viewRoute } from "./route-table.ts";
import type { Snapshot } from "./snapshot.ts";

/** A request as people write it down. */
export interface ExplainedRequest {
  readonly httpMethod: string;
  /** Raw path and query: `/v1/shelves/1?view=FULL`. */
  readonly target: string;
  /** JSON text; absent = no body. */
  readonly body?: Uint8Array;
}

export function explainRequest(snapshot: Snapshot, request: ExplainedRequest): Explanation {
  const { httpMethod, target } = request;
  const question = target.indexOf("?");
  const path = question === -1 ? target : target.slice(0, question);
  const query = question === -1 ? "" : target.slice(question + 1);
  const match = snapshot.router.match(httpMethod, path);
  const trials = snapshot.router.explain(httpMethod, path).map(({ route, outcome, reason }) => ({
    httpMethod: route.httpMethod,
    template: route.template,
    rpc: rpcOf(route),
    outcome,
    reason,
  }));
  const unmatched = { httpMethod, target, route: null, trials, bindings: [], backend: null };
  if (match.kind === "no_route") {
    const message = `no route for ${httpMethod} ${path}`;
    const error = { httpStatus: 404, code: codeName(Code.NOT_FOUND), message };
    return { ...unmatched, outcome: "no_route", summary: message, allow: [], error };
  }
  if (match.kind === "wrong_method") {
    const message = `${httpMethod} is not allowed on this path, only ${match.allow.join(", ")}`;
    const error = { httpStatus: 405, code: codeName(Code.UNIMPLEMENTED), message };
    return { ...unmatched, outcome: "wrong_method", summary: message, allow: match.allow, error };
  }
  const { route, captures } = match;
  const body = request.body ?? new Uint8Array(0);
  const parts: RequestParts = { captures, query, body, contentType: "application/json" };
  return {
    ...unmatched,
    outcome: "route",
    summary: `${route.httpMethod} ${route.template} → ${rpcOf(route)}`,
    route: viewRoute(route, snapshot),
    allow: [],
    bindings: route.explainBinding(parts),
    ...bindOrRefuse(snapshot, route, parts),
  };
}

function bindOrRefuse(
  snapshot: Snapshot,
  route: Route,
  parts: RequestParts,
): Pick<Explanation, "backend" | "error"> {
  try {
    const message = route.bind(parts);
    const json = snapshot.codec.message(route.method.input).encodeJson(message);
    return {
      backend: {
        upstreams: snapshot.upstreamsOf.get(route.info.service) ?? [],
        path: route.info.path,
        messageType: route.method.input.typeName,
        json: JSON.stringify(JSON.parse(json), undefined, 2),
        messageBytes: message.length,
        header: [...new Header()].map(([name, value]) => `${name}: ${value}`),
      },
      error: null,
    };
  } catch (reason) {
    const error = RpcError.from(reason);
    return {
      backend: null,
      error: { httpStatus: httpStatusOf(error.code), code: codeName(error.code), message: error.rawMessage },
    };
  }
}
