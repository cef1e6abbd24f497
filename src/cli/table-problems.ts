// What in a route table is a problem: failed sources, contradicting files, refused rules, and routes that never match,
// which semantics.md ("Choosing a route") makes an error in `check`.
import type { RouteTableView } from "../gateway/route-table-view.ts";
import { formatProblem, type Problem } from "../schema/problem.ts";

/** All that is wrong anywhere, each once. */
export function problemsOf(routes: RouteTableView): readonly Problem[] {
  const all: Problem[] = [
    ...routes.sources.flatMap((source) => source.problems),
    ...routes.problems,
    ...routes.refused.map((route) => ({
      place: route.origin,
      message: `${route.httpMethod} ${route.template} of ${route.rpc} is refused: ${route.reason}`,
    })),
    ...routes.shadowed.map((route) => ({
      place: route.origin,
      message: `${route.httpMethod} ${route.template} of ${route.rpc} never matches: ${route.shadowedBy} stands before it`,
    })),
  ];
  return [...new Map(all.map((problem) => [formatProblem(problem), problem])).values()];
}
