// What /debug/explain and `protogate explain` show, as plain data: the JSON form is exactly this.
import type { BindingStep } from "../transcode/route.ts";
import type { RouteTrial } from "../transcode/router.ts";
import type { PolicyEntryView, RouteView } from "./route-table-view.ts";

export interface Explanation {
  readonly httpMethod: string;
  /** The raw path and query as given. */
  readonly target: string;
  /** `method` = no route, but the path of a method, which RPC protocols reach. */
  readonly outcome: "route" | "method" | "wrong_method" | "no_route";
  /** The answer in one sentence: `GET /v1/shelves/{shelf} → demo.library.v1.Library/GetShelf`. */
  readonly summary: string;
  readonly route: RouteView | null;
  /** Methods the path has, when it has others. */
  readonly allow: readonly string[];
  /** Routes that were tried, best first, and why they lost. */
  readonly trials: readonly {
    readonly httpMethod: string;
    readonly template: string;
    readonly rpc: string;
    readonly outcome: RouteTrial["outcome"];
    readonly reason: string;
  }[];
  readonly bindings: readonly BindingStep[];
  /** Every choice of the method's policy in force, and who made it; empty without a route. */
  readonly policy: readonly PolicyEntryView[];
  /** What a good reply is answered with. Null when nothing would be sent. */
  readonly success: {
    readonly httpStatus: number;
    /** As the request's `Accept` and query choose it; empty for no body, and for an HttpBody, which brings its own. */
    readonly contentType: string;
    /** What becomes `Location`, by the policy: a field path, or a text with such paths in braces; empty = nothing. */
    readonly location: string;
  } | null;
  /** What the backend would receive. Null when nothing would be sent. */
  readonly backend: {
    readonly upstreams: readonly string[];
    /** `/demo.library.v1.Library/GetShelf` */
    readonly path: string;
    readonly messageType: string;
    /** The request message as ProtoJSON, pretty printed; of a client stream all messages, one after the other. */
    readonly json: string;
    /** Size of the binary message, or of all of them. */
    readonly messageBytes: number;
    /** Metadata that the request's header becomes, `name: value` lines; a real client's address is added to it. */
    readonly header: readonly string[];
  } | null;
  /** The error the client would get instead. */
  readonly error: { readonly httpStatus: number; readonly code: string; readonly message: string } | null;
}
