// The route table for a terminal of 120 columns: /debug/routes for curl, and `protogate routes`.
import type { RouteTableView, RouteView } from "../gateway/route-table-view.ts";
import { formatAge } from "./age-text.ts";
import { serviceOf, signatureText } from "./names.ts";
import { policyText } from "./policy-text.ts";
import { countOf, formatColumns, printable } from "./text-columns.ts";

/**
 * Routes grouped by service, then what was refused, what is shadowed, sources, upstreams and problems. No colour, no
 * control characters; ends with a newline.
 */
export function formatRouteTable(view: RouteTableView): string {
  const sections = [
    headLines(view),
    ...services(view.routes).map(([service, routes]) => serviceLines(service, routes)),
    methodLines(view),
    policyLines(view),
    stateLines(view),
    refusedLines(view),
    shadowedLines(view),
    sourceLines(view),
    upstreamLines(view),
    problemLines("problems", view.problems),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headLines(view: RouteTableView): string[] {
  const schema = view.digest === "" ? "no schema yet" : `schema ${view.digest.slice(0, 12)}`;
  const since = view.since === null ? "" : ` since ${view.since}`;
  const counts = [
    countOf(view.routes.length, "route"),
    view.refused.length > 0 && `${view.refused.length} refused`,
    view.shadowed.length > 0 && `${view.shadowed.length} shadowed`,
    view.problems.length > 0 && countOf(view.problems.length, "problem"),
  ].filter((part) => part !== false);
  return [printable(`${schema}${since} · profile ${view.profile} · ${counts.join(", ")}`)];
}

/** Services in the order of their first route. */
function services(routes: readonly RouteView[]): [string, RouteView[]][] {
  const groups = new Map<string, RouteView[]>();
  for (const route of routes) {
    const service = serviceOf(route.rpc);
    const group = groups.get(service);
    if (group === undefined) groups.set(service, [route]);
    else group.push(route);
  }
  return [...groups];
}

function serviceLines(service: string, routes: readonly RouteView[]): string[] {
  const origin = shared(routes.map((route) => route.origin));
  const upstreams = shared(routes.map((route) => route.upstreams.join(", ")));
  const title = [service, origin && `from ${origin}`, upstreams && `upstream ${upstreams}`]
    .filter((part) => part !== undefined && part !== "")
    .join(" · ");
  const rows = routes.map((route) => [
    route.httpMethod,
    route.template,
    route.rpc.slice(service.length + 1),
    route.body,
    route.responseBody,
    signatureText(route),
    origin === undefined ? route.origin : "",
    upstreams === undefined ? route.upstreams.join(", ") : "",
  ]);
  const head = ["METHOD", "TEMPLATE", "RPC", "BODY", "RESPONSE", "TYPES", "FROM", "UPSTREAM"];
  return [printable(title), ...formatColumns(rows, head, "  ")];
}

/** The value all have in common, said once instead of in every line. */
function shared(values: readonly string[]): string | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

/** Methods that only RPC protocols reach; the others stand with their routes. */
function methodLines({ methods }: RouteTableView): string[] {
  const rows = methods
    .filter(({ routeCount }) => routeCount === 0)
    .map((method) => [`/${method.rpc}`, signatureText(method), method.upstreams.join(", ")]);
  if (rows.length === 0) return [];
  return [
    "methods without a route, by gRPC, gRPC-Web, Connect and WebSocket only",
    ...formatColumns(rows, ["PATH", "TYPES", "UPSTREAM"], "  "),
  ];
}

/** By RPC, since its routes share it; nothing where nobody says anything beyond the profile. */
function policyLines({ routes, methods, policy, profile }: RouteTableView): string[] {
  // A route's policy has that of its method in it.
  const byRpc = new Map([...methods, ...routes].map(({ rpc, policy: entries }) => [rpc, entries]));
  const rows = [...byRpc].flatMap(([rpc, entries]) =>
    entries.map(({ key, value, origin }, i) => [i === 0 ? rpc : "", key, value, origin]),
  );
  const rest = `  where nobody says otherwise: ${policy.map(policyText).join(", ")} (profile ${profile})`;
  const everywhere = policy.length === 0 ? [] : [printable(rest)];
  if (rows.length + everywhere.length === 0) return [];
  return ["policy", ...formatColumns(rows, ["RPC", "SETTING", "VALUE", "FROM"], "  "), ...everywhere];
}

/** Flow control at this moment, of the methods that have something to tell. */
function stateLines({ methods }: RouteTableView): string[] {
  const rows = methods.flatMap(({ rpc, state }) =>
    state.map(({ key, value }, i) => [i === 0 ? rpc : "", key, value]),
  );
  return rows.length === 0 ? [] : ["now", ...formatColumns(rows, ["RPC", "WHAT", "VALUE"], "  ")];
}

function refusedLines({ refused }: RouteTableView): string[] {
  if (refused.length === 0) return [];
  const lines = refused.flatMap((route) => [
    `  ${printable(`${route.httpMethod} ${route.template}  ${route.rpc}  ${route.origin}`)}`,
    `    ${printable(route.reason)}`,
  ]);
  return ["refused: these rules could not become routes", ...lines];
}

function shadowedLines({ shadowed }: RouteTableView): string[] {
  if (shadowed.length === 0) return [];
  const lines = shadowed.flatMap((route) => [
    `  ${printable(`${route.httpMethod} ${route.template}  ${route.rpc}  ${route.origin}`)}`,
    `    ${printable(`served by ${route.shadowedBy}`)}`,
  ]);
  return ["shadowed: these routes never match", ...lines];
}

function sourceLines({ sources }: RouteTableView): string[] {
  if (sources.length === 0) return [];
  const rows = sources.map((source) => [
    source.name,
    source.state,
    source.digest,
    source.ageMs === null ? "" : formatAge(source.ageMs),
    String(source.fileCount),
    String(source.serviceCount),
    source.upstreams.join(", "),
  ]);
  const head = ["SOURCE", "STATE", "DIGEST", "AGE", "FILES", "SERVICES", "UPSTREAM"];
  const problems = sources.flatMap((source) =>
    source.problems.map(({ place, message }) => `  ${printable(`${source.name}: ${place}: ${message}`)}`),
  );
  return ["sources", ...formatColumns(rows, head, "  "), ...problems];
}

function upstreamLines({ upstreams }: RouteTableView): string[] {
  if (upstreams.length === 0) return [];
  const rows = upstreams.map(({ name, target, state, lastError }) => [
    name,
    target,
    state.replace("_", " "),
    lastError ?? "",
  ]);
  return ["upstreams", ...formatColumns(rows, ["UPSTREAM", "TARGET", "STATE", "LAST ERROR"], "  ")];
}

function problemLines(title: string, problems: RouteTableView["problems"]): string[] {
  if (problems.length === 0) return [];
  return [title, ...problems.map(({ place, message }) => `  ${printable(`${place}: ${message}`)}`)];
}
