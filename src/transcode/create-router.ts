// The router: raw path and HTTP method to a route. Most specific template first, a registered verb before the colon as
// text, and a route that lacks the method does not hide a less specific one that has it.
// Source: google/api/http.proto ("custom", "Path template syntax"); RFC 9110 §9.3.2 (HEAD), §15.5.6 (Allow).
import { explainMatch } from "./explain-match.ts";
import { PathSegments } from "./path-segments.ts";
import { PathTrie } from "./path-trie.ts";
import type { Route } from "./route.ts";
import type { RouteMatch, Router } from "./router.ts";
import { parseTemplate, type Template } from "./template.ts";

/** Where a variable's segments lie in a path, which is longer than the template by what `**` took. */
interface Capture {
  readonly start: number;
  readonly end: number;
  readonly startMoves: boolean;
  readonly endMoves: boolean;
}

interface Entry {
  readonly route: Route;
  readonly segmentCount: number;
  readonly captures: readonly Capture[];
}

/** The routes of one template shape. */
class Endpoint {
  readonly byMethod = new Map<string, Entry>();
  /** The route of the method `*`. */
  any: Entry | undefined;

  add(httpMethod: string, entry: Entry): void {
    if (httpMethod === "*") this.any ??= entry;
    else if (!this.byMethod.has(httpMethod)) this.byMethod.set(httpMethod, entry);
  }

  find(httpMethod: string): Entry | undefined {
    const entry = this.byMethod.get(httpMethod);
    if (entry !== undefined) return entry;
    return (httpMethod === "HEAD" ? this.byMethod.get("GET") : undefined) ?? this.any;
  }
}

const noRoute: RouteMatch = { kind: "no_route" };
const noCaptures: readonly string[] = [];

/**
 * Builds the router of a snapshot. Of two routes with the same template shape and method the first serves.
 * @throws Error when a route's template does not parse; `compileRoutes` has refused those
 */
export function createRouter(routes: readonly Route[]): Router {
  const trie = new PathTrie<Endpoint>();
  const verbs = new Set<string>();
  for (const route of routes) {
    const template = parseTemplate(route.template);
    if (template.kind === "refusal") throw new Error(`${route.template}: ${template.reason}`);
    if (template.verb !== "") verbs.add(template.verb);
    trie.insert(template, () => new Endpoint()).add(route.httpMethod, createEntry(route, template));
  }

  // A match is synchronous, so one scratch, one wanted method and one closure serve all of them.
  const segments = new PathSegments();
  let wanted = "";
  const accept = (endpoint: Endpoint): Entry | undefined => endpoint.find(wanted);

  function match(httpMethod: string, path: string): RouteMatch {
    if (!segments.read(path)) return noRoute;
    wanted = httpMethod;
    const verbReading = verbs.size > 0 && segments.cutVerb();
    if (verbReading) {
      const entry = verbs.has(segments.verb) ? trie.search(segments, accept) : undefined;
      if (entry !== undefined) return matched(entry, segments);
      segments.read(path);
    }
    const entry = trie.search(segments, accept);
    return entry === undefined ? wrongMethod(path) : matched(entry, segments);
  }

  function wrongMethod(path: string): RouteMatch {
    const allow = new Set<string>();
    const collect = (endpoint: Endpoint): undefined => {
      for (const httpMethod of endpoint.byMethod.keys()) allow.add(httpMethod);
    };
    segments.read(path);
    trie.search(segments, collect);
    if (segments.cutVerb()) trie.search(segments, collect);
    if (allow.size === 0) return noRoute;
    if (allow.has("GET")) allow.add("HEAD");
    allow.add("OPTIONS");
    return { kind: "wrong_method", allow: [...allow].sort() };
  }

  return {
    match,
    explain: (httpMethod, path) => explainMatch(routes, match(httpMethod, path), httpMethod, path),
  };
}

function createEntry(route: Route, template: Template): Entry {
  const restIndex = template.segments.findIndex((segment) => segment.kind === "rest");
  const captures = template.variables.map(({ start, end }) => ({
    start,
    end,
    startMoves: restIndex >= 0 && start > restIndex,
    endMoves: restIndex >= 0 && end > restIndex,
  }));
  return { route, segmentCount: template.segments.length, captures };
}

function matched(entry: Entry, segments: PathSegments): RouteMatch {
  const { route, captures } = entry;
  if (captures.length === 0) return { kind: "route", route, captures: noCaptures };
  const moved = segments.count - entry.segmentCount;
  const texts: string[] = [];
  for (const capture of captures) {
    const start = capture.startMoves ? capture.start + moved : capture.start;
    texts.push(segments.raw(start, capture.endMoves ? capture.end + moved : capture.end));
  }
  return { kind: "route", route, captures: texts };
}
