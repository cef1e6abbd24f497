// The contract of the router: raw path and HTTP method to a route, most specific first, whatever the declaration order.
import type { Route } from "./route.ts";

export type RouteMatch =
  | { readonly kind: "route"; readonly route: Route; readonly captures: readonly string[] }
  /** The path is known, the method is not: the methods it has, sorted, HEAD and OPTIONS included. → 405 */
  | { readonly kind: "wrong_method"; readonly allow: readonly string[] }
  /** → 404 */
  | { readonly kind: "no_route" };

/** Why a route did or did not match, for `explain`. */
export interface RouteTrial {
  readonly route: Route;
  readonly outcome: "matched" | "less_specific" | "wrong_method" | "path_differs";
  /** `segment 2: expected "shelves", got "books"` */
  readonly reason: string;
}

export interface Router {
  match(httpMethod: string, path: string): RouteMatch;
  /** Every route that came close to the path, best first: the match, then what lost and why. At most 20. */
  explain(httpMethod: string, path: string): readonly RouteTrial[];
}
