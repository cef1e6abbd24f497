// One request that grpc-gateway and this gateway are both asked. A folder of tables, one per topic.
import type { HttpCall } from "../../matrix/http-client.ts";

export interface ParityCase extends HttpCall {
  /** Unique over all tables; names the row in differences.ts. */
  readonly what: string;
  readonly path: string;
  /**
   * Compare the error's text too. Default: only where the backend wrote it would the texts be the same, so it is
   * compared nowhere else.
   */
  readonly message?: "compared";
}

/** A table of GET requests from pairs. */
export function gets(rows: readonly (readonly [what: string, path: string])[]): ParityCase[] {
  return rows.map(([what, path]) => ({ what, path }));
}
