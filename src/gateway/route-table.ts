// Builds what /debug/routes and `protogate routes` show from the snapshot in force and the state of its sources.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Problem } from "../schema/problem.ts";
import { type Dialect, dialects } from "../transcode/dialect.ts";
import { methodInfo } from "../transcode/method-info.ts";
import type { Route } from "../transcode/route.ts";
import { formatTarget } from "../upstream/target.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type PolicyEntry, profileEntries } from "./policy-entry.ts";
import type {
  MethodView,
  PolicyEntryView,
  PolicyStateView,
  RouteTableView,
  RouteView,
  SchemaSourceView,
  UpstreamView,
} from "./route-table-view.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SourceState } from "./source-state.ts";

interface RouteTableInput {
  readonly snapshot: Snapshot | undefined;
  readonly dialect: Dialect;
  readonly states: readonly SourceState[];
  readonly upstreams: readonly Upstream[];
  /** Problems of the last build that did not become a snapshot. */
  readonly problems: readonly Problem[];
  /** Flow control of a method at this moment: tokens left, calls in flight, its breaker. By default nothing is told. */
  readonly stateOf?: (method: DescMethod, upstreams: readonly string[]) => readonly PolicyStateView[];
}

export function viewRouteTable(input: RouteTableInput): RouteTableView {
  const { snapshot, dialect, states, upstreams, problems, stateOf = () => [] } = input;
  const table = snapshot?.table;
  return {
    digest: snapshot?.digest ?? "",
    since: snapshot === undefined ? null : new Date(snapshot.sinceMs).toISOString(),
    profile: dialect.name,
    policy: [...profileEntries(dialect).map(viewEntry), ...decodingEntry(snapshot)],
    routes: snapshot === undefined ? [] : snapshot.table.routes.map((route) => viewRoute(route, snapshot)),
    methods: snapshot === undefined ? [] : viewMethods(snapshot, stateOf),
    refused: (table?.refused ?? []).map(({ httpMethod, template, methodName, origin, reason }) => ({
      httpMethod,
      template,
      rpc: methodName,
      origin,
      reason,
    })),
    shadowed: (table?.shadowed ?? []).map(({ route, by }) => ({
      httpMethod: route.httpMethod,
      template: route.template,
      rpc: rpcOf(route),
      origin: route.origin,
      shadowedBy: `${rpcOf(by)} (${by.origin})`,
    })),
    sources: states.map((state) => viewSource(state, snapshot)),
    upstreams: upstreams.map(viewUpstream),
    problems: [...problems, ...(snapshot?.problems ?? [])],
  };
}

export function viewRoute(route: Route, snapshot: Snapshot): RouteView {
  return {
    httpMethod: route.httpMethod,
    template: route.template,
    rpc: rpcOf(route),
    kind: route.info.kind,
    requestType: route.method.input.typeName,
    replyType: route.method.output.typeName,
    body: route.body,
    responseBody: route.responseBody,
    origin: route.origin,
    upstreams: snapshot.upstreamsOf.get(route.info.service) ?? [],
    policy: [
      ...snapshot.policies.of(route.method).entries.filter(({ byProfile }) => !byProfile),
      ...flowEntries(route.method, snapshot),
    ].map(viewEntry),
  };
}

function flowEntries(method: DescMethod, { flow }: Snapshot): readonly PolicyEntry[] {
  return flow.of(method).entries;
}

function viewMethods(
  snapshot: Snapshot,
  stateOf: NonNullable<RouteTableInput["stateOf"]>,
): readonly MethodView[] {
  const { services, table } = snapshot;
  const routeCounts = new Map<string, number>();
  for (const { info } of table.routes) routeCounts.set(info.path, (routeCounts.get(info.path) ?? 0) + 1);
  return services.flatMap(({ desc, upstreams }) =>
    desc.methods.map((method) => {
      const { path, kind } = methodInfo(method);
      return {
        rpc: path.slice(1),
        kind,
        requestType: method.input.typeName,
        replyType: method.output.typeName,
        upstreams,
        routeCount: routeCounts.get(path) ?? 0,
        policy: flowEntries(method, snapshot).map(viewEntry),
        state: stateOf(method, upstreams),
      };
    }),
  );
}

/** What no method has a say in; nothing where it is the standard. */
function decodingEntry(snapshot: Snapshot | undefined): readonly PolicyEntryView[] {
  if (snapshot === undefined || snapshot.decoding.value === dialects.standard.unescape) return [];
  const { value, origin } = snapshot.decoding;
  return [{ key: "rest.unescape", value, origin }];
}

export function viewEntry({ key, value, origin }: PolicyEntry): PolicyEntryView {
  return { key, value, origin };
}

/** `demo.library.v1.Library/GetBook` */
export function rpcOf(route: Route): string {
  return `${route.info.service}/${route.info.name}`;
}

function viewSource(state: SourceState, snapshot: Snapshot | undefined): SchemaSourceView {
  const { source, reading, readAtMs, digest, problems } = state;
  const stale = problems.length > 0;
  return {
    name: source.name,
    state: reading === undefined ? "waiting" : stale ? "stale" : "good",
    upstreams: source.upstreams,
    fileCount: reading?.files.length ?? 0,
    serviceCount:
      snapshot?.schema.services.filter((service) => service.sources.includes(source.name)).length ?? 0,
    digest: digest.slice(0, 12),
    readAt: readAtMs === undefined ? null : new Date(readAtMs).toISOString(),
    ageMs: readAtMs === undefined ? null : Date.now() - readAtMs,
    problems,
  };
}

function viewUpstream({ name, target, transport }: Upstream): UpstreamView {
  const { state, lastError } = transport.status();
  return { name, target: formatTarget(target), state, lastError: lastError ?? null };
}
