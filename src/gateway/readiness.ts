// What /readyz says: ready = a snapshot exists and each required upstream has a connection or can make one.

export interface Readiness {
  readonly ready: boolean;
  /** What is missing or worth knowing, one sentence each: `upstream library (localhost:50051): connection refused`. */
  readonly missing: readonly string[];
  /** Not in the way of being ready, but somebody should look: `schema of billing is stale: …`. */
  readonly warnings: readonly string[];
}
