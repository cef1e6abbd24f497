// Names what a snapshot was built from: equal digests, equal answers. It keeps a swap from happening where nothing has
// changed, and tells replicas apart that were given different files.
import { createHash } from "node:crypto";
import type { ServiceConfig } from "../schema/service-config.ts";
import type { SnapshotOptions } from "./snapshot.ts";

/** SHA-256 in hex; that of the schema itself where neither service configs nor settings add to it. */
export function snapshotDigest(
  schemaDigest: string,
  serviceConfigs: readonly ServiceConfig[],
  options: Pick<SnapshotOptions, "methods" | "unescape">,
): string {
  const { methods = [] } = options;
  const configured = methods.length > 0 || options.unescape !== undefined;
  if (serviceConfigs.length === 0 && !configured) return schemaDigest;
  const hash = createHash("sha256").update(schemaDigest);
  for (const { digest } of serviceConfigs) hash.update(digest);
  // Where they were written does not change what they do.
  const settings = methods.map(({ selector, rest }) => [selector, rest]);
  if (configured) hash.update(JSON.stringify([settings, options.unescape]));
  return hash.digest("hex");
}
