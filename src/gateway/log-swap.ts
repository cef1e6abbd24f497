// What the log says of a snapshot that comes into service: its size, and what of its schema is wrong.
import type { Logger } from "../rpc/logger.ts";
import type { Snapshot } from "./snapshot.ts";

export function logSwap(snapshot: Snapshot, logger: Logger): void {
  const { table, schema, digest, problems } = snapshot;
  logger.info("snapshot in service", {
    digest,
    services: schema.services.length,
    routes: table.routes.length,
    refused: table.refused.length,
    shadowed: table.shadowed.length,
  });
  for (const { place, message } of problems) logger.warn("schema problem", { place, message });
  logFirst(table.refused, "route refused", (refused) => ({ ...refused }), logger);
  logFirst(
    table.shadowed,
    "route shadowed",
    ({ route, by }) => ({
      httpMethod: route.httpMethod,
      template: route.template,
      rpc: route.info.path,
      origin: route.origin,
      by: `${by.info.path} (${by.origin})`,
    }),
    logger,
  );
}

/** A rule may have a hundred thousand bindings, and each schema that a backend sends is logged anew. */
const maxLinesOfAKind = 100;

function logFirst<T>(
  items: readonly T[],
  message: string,
  fieldsOf: (item: T) => Readonly<Record<string, unknown>>,
  logger: Logger,
): void {
  for (const item of items.slice(0, maxLinesOfAKind)) logger.warn(message, fieldsOf(item));
  const more = items.length - maxLinesOfAKind;
  if (more > 0) logger.warn(message, { more, listed: "all of them at /debug/routes" });
}
