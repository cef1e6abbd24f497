// Leaves to each upstream the services that its config says it serves: descriptor sets often describe more than one
// backend has, and an operator may want to expose a part of one only.
import type { MergedSchema } from "../schema/merge-schema.ts";
import type { Problem } from "../schema/problem.ts";
import { matchesSelector } from "../schema/selector.ts";

/**
 * @param servicesOf selectors (`acme.v1.Billing`, `acme.v1.*`) by upstream name; an upstream without an entry keeps all
 * @returns the schema without services that nobody is left to serve; a selector that matches nothing is a problem
 */
export function limitServices(
  schema: MergedSchema,
  servicesOf: ReadonlyMap<string, readonly string[]>,
): MergedSchema {
  if (servicesOf.size === 0) return schema;
  const used = new Set<string>();
  const keeps = (upstream: string, service: string): boolean => {
    const selectors = servicesOf.get(upstream);
    if (selectors === undefined) return true;
    const matching = selectors.filter((selector) => matchesSelector(selector, service));
    for (const selector of matching) used.add(`${upstream} ${selector}`);
    return matching.length > 0;
  };
  const services = schema.services
    .map((service) => ({
      ...service,
      upstreams: service.upstreams.filter((upstream) => keeps(upstream, service.desc.typeName)),
    }))
    .filter(({ upstreams }) => upstreams.length > 0);
  const unused: Problem[] = [...servicesOf].flatMap(([upstream, selectors]) =>
    selectors
      .filter((selector) => !used.has(`${upstream} ${selector}`))
      .map((selector) => ({
        place: `upstream ${upstream}`,
        message: `services: ${selector} matches no service that its schema has`,
      })),
  );
  return { ...schema, services, problems: [...schema.problems, ...unused] };
}
