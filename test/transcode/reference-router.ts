// The router by brute force: every template against the path, segment lists and all, and the best of what matches.
import type { Route } from "../../src/transcode/route.ts";
import type { RouteMatch } from "../../src/transcode/router.ts";
import { parseTemplate, type Template } from "../../src/transcode/template.ts";

interface Candidate {
  readonly route: Route;
  readonly order: number;
  /** 0 verb, 1 no verb; then per segment 0 literal, 1 `*`, 2 `**`. */
  readonly score: readonly number[];
  readonly captures: readonly string[];
}

export function matchByReference(routes: readonly Route[], httpMethod: string, path: string): RouteMatch {
  const candidates = routes.flatMap((route, order) => candidateOf(route, order, path));
  const serving = candidates.filter(({ route }) => methodRank(route, httpMethod) < 3);
  serving.sort(
    (a, b) =>
      compareScores(a.score, b.score) ||
      methodRank(a.route, httpMethod) - methodRank(b.route, httpMethod) ||
      a.order - b.order,
  );
  const [best] = serving;
  if (best !== undefined) return { kind: "route", route: best.route, captures: best.captures };
  if (candidates.length === 0) return { kind: "no_route" };
  const allow = new Set(candidates.map(({ route }) => route.httpMethod)).add("OPTIONS");
  if (allow.has("GET")) allow.add("HEAD");
  return { kind: "wrong_method", allow: [...allow].sort() };
}

function methodRank({ httpMethod }: Route, wanted: string): number {
  if (httpMethod === wanted) return 0;
  if (httpMethod === "GET" && wanted === "HEAD") return 1;
  return httpMethod === "*" ? 2 : 3;
}

function compareScores(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return b.length - a.length;
}

function candidateOf(route: Route, order: number, path: string): Candidate[] {
  const template = parseTemplate(route.template);
  if (template.kind === "refusal") throw new Error(template.reason);
  let text = path;
  if (template.verb !== "") {
    const suffix = `:${template.verb}`;
    if (!path.endsWith(suffix)) return [];
    text = path.slice(0, -suffix.length);
  }
  const segments = text === "/" ? [] : text.slice(1).split("/");
  const widths = widthsOf(template, segments.length);
  if (widths === undefined) return [];
  const starts: number[] = [];
  let at = 0;
  for (const [index, segment] of template.segments.entries()) {
    starts.push(at);
    const width = widths[index] as number;
    const own = segments.slice(at, at + width);
    if (segment.kind === "literal" && normal(own[0] ?? "") !== segment.text) return [];
    if (segment.kind === "one" && own[0] === "") return [];
    at += width;
  }
  starts.push(at);
  const captures = template.variables.map(({ start, end }) =>
    segments.slice(starts[start], starts[end]).join("/"),
  );
  const kinds = template.segments.map(({ kind }) => ["literal", "one", "rest"].indexOf(kind));
  return [{ route, order, score: [template.verb === "" ? 1 : 0, ...kinds], captures }];
}

/** How many path segments each template segment takes; undefined where the counts do not fit. */
function widthsOf(template: Template, count: number): number[] | undefined {
  const left = count - template.segments.filter(({ kind }) => kind !== "rest").length;
  const hasRest = template.segments.some(({ kind }) => kind === "rest");
  if (left < 0 || (left > 0 && !hasRest)) return undefined;
  return template.segments.map(({ kind }) => (kind === "rest" ? left : 1));
}

function normal(segment: string): string {
  return segment.replace("%61", "a").replace("%2f", "%2F");
}
