// Why a path found the route it found: every route that came close, best first, with the segment at which it parted.
// Compares template by template, slowly and apart from the router's trie: it serves `explain`, not requests.
import { PathSegments } from "./path-segments.ts";
import type { Route } from "./route.ts";
import type { RouteMatch, RouteTrial } from "./router.ts";
import { formatSegment, parseTemplate, type Segment, type Template } from "./template.ts";

const maxTrials = 20;

interface Candidate {
  readonly trial: RouteTrial;
  readonly template: Template;
  /** Leading segments that agreed. */
  readonly agreed: number;
}

/** See `Router.explain`; `match` is the router's own answer for the same request. */
export function explainMatch(
  routes: readonly Route[],
  match: RouteMatch,
  httpMethod: string,
  path: string,
): readonly RouteTrial[] {
  const candidates: Candidate[] = [];
  for (const route of routes) {
    const template = parseTemplate(route.template);
    if (template.kind === "refusal") continue;
    const { agreed, reason } = compare(template, path);
    const trial: RouteTrial = {
      route,
      ...(reason === undefined ? ofMatching(route, match, httpMethod) : { outcome: "path_differs", reason }),
    };
    candidates.push({ trial, template, agreed });
  }
  candidates.sort(
    (a, b) =>
      rank(a.trial) - rank(b.trial) ||
      (a.trial.outcome === "path_differs" ? b.agreed - a.agreed : compareSpecificity(a.template, b.template)),
  );
  // A route that parts at the first segment is no explanation, unless there is nothing better.
  const close = candidates.filter(({ trial, agreed }) => trial.outcome !== "path_differs" || agreed > 0);
  return (close.length > 0 ? close : candidates).slice(0, maxTrials).map(({ trial }) => trial);
}

function ofMatching(route: Route, match: RouteMatch, httpMethod: string): Omit<RouteTrial, "route"> {
  if (match.kind === "route" && match.route === route) {
    return { outcome: "matched", reason: "the most specific template that has the method" };
  }
  const serves =
    route.httpMethod === httpMethod ||
    route.httpMethod === "*" ||
    (httpMethod === "HEAD" && route.httpMethod === "GET");
  if (!serves) {
    return { outcome: "wrong_method", reason: `the path matches, but the method is ${route.httpMethod}` };
  }
  const winner =
    match.kind === "route" ? `${match.route.httpMethod} ${match.route.template}` : "another route";
  return { outcome: "less_specific", reason: `matches too, but ${winner} is more specific or stands first` };
}

function rank(trial: RouteTrial): number {
  return ["matched", "less_specific", "wrong_method", "path_differs"].indexOf(trial.outcome);
}

/** Negative where `a` is the more specific one, for two templates that match the same path. */
function compareSpecificity(a: Template, b: Template): number {
  if (a.verb !== b.verb) return a.verb === "" ? 1 : -1;
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i++) {
    const difference = wildness(a.segments[i]) - wildness(b.segments[i]);
    if (difference !== 0) return difference;
    if (a.segments[i]?.kind === "rest") return b.segments.length - a.segments.length;
  }
  return 0;
}

function wildness(segment: Segment | undefined): number {
  // A template that has ended needs no `**` to match the path, so it is more specific than one.
  return segment === undefined || segment.kind === "literal" ? 0 : segment.kind === "one" ? 1 : 2;
}

/** How far the template follows the path, and where it parts; no reason where it matches. */
function compare(template: Template, path: string): { readonly agreed: number; readonly reason?: string } {
  const segments = new PathSegments();
  if (!segments.read(path)) return { agreed: 0, reason: "the path does not begin with a slash" };
  if (template.verb !== "") segments.cutVerb();
  const restIndex = template.segments.findIndex((segment) => segment.kind === "rest");
  const head = restIndex < 0 ? template.segments : template.segments.slice(0, restIndex);
  const tail = restIndex < 0 ? [] : template.segments.slice(restIndex + 1);
  let agreed = 0;
  for (const segment of head) {
    const reason = parting(segment, segments, agreed);
    if (reason !== undefined) return { agreed, reason };
    agreed += 1;
  }
  if (restIndex < 0 && segments.count > agreed) {
    return {
      agreed,
      reason: `segment ${agreed + 1}: expected the end, got ${JSON.stringify(segments.text(agreed))}`,
    };
  }
  if (segments.count < agreed + tail.length) {
    return { agreed, reason: `expected at least ${agreed + tail.length} segments, got ${segments.count}` };
  }
  for (const [index, segment] of tail.entries()) {
    const reason = parting(segment, segments, segments.count - tail.length + index);
    if (reason !== undefined) return { agreed, reason };
  }
  if (template.verb === segments.verb) return { agreed };
  const got = segments.verb === "" ? "none" : `":${segments.verb}"`;
  return { agreed, reason: `verb: expected ":${template.verb}", got ${got}` };
}

function parting(segment: Segment, path: PathSegments, index: number): string | undefined {
  const expected = segment.kind === "literal" ? JSON.stringify(formatSegment(segment)) : "a segment";
  if (index >= path.count) return `segment ${index + 1}: expected ${expected}, got nothing`;
  const text = path.text(index);
  if (segment.kind === "literal" ? text === segment.text : text !== "") return undefined;
  return `segment ${index + 1}: expected ${expected}, got ${text === "" ? "an empty one" : JSON.stringify(text)}`;
}
