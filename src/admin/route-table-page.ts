// /debug/routes for a browser.
import type {
  MethodView,
  RouteTableView,
  RouteView,
  SchemaSourceView,
  UpstreamView,
} from "../gateway/route-table-view.ts";
import { formatAge } from "./age-text.ts";
import { type Html, type HtmlPart, html } from "./html.ts";
import { methodHtml, nameHtml, originCell, rpcHtml, templateHtml, typeHtml } from "./name-html.ts";
import { formatPage } from "./page.ts";
import { policyText } from "./policy-text.ts";
import { samplePath } from "./sample-path.ts";
import { countOf } from "./text-columns.ts";

/** More rows than this take a browser more than a second to lay out; the filter finds the others, text and JSON have them all. */
const maxRowCount = 2000;

/** @param query the words of the filter; a route is shown that has all of them */
export function formatRouteTablePage(view: RouteTableView, query: string): string {
  const matching = query === "" ? view.routes : view.routes.filter((route) => hasWords(route, query));
  const shown = matching.slice(0, maxRowCount);
  const all = countOf(view.routes.length, "route");
  const count = matching.length === view.routes.length ? all : `${matching.length} of ${all}`;
  return formatPage({
    title: "Routes",
    path: "/debug/routes",
    aside: html`<p>${schemaText(view)}</p>`,
    main: html`<h1>Routes</h1>
<p class="meta">The most specific route serves a request; this is the order of declaration. Also as
<a href="/debug/routes?format=json">JSON</a> and <a href="/debug/routes?format=text">text</a>.${
      view.policy.length > 0 &&
      html`<br>Where no policy says otherwise: ${view.policy.map(policyText).join(", ")}.`
    }</p>
${problemBox(view.problems)}
<form class="bar" action="/debug/routes"><input name="q" type="search" value="${query}" placeholder="Filter: words of any column" aria-label="Filter routes" autocomplete="off" spellcheck="false"><span class="count" id="count" data-all="${count}" aria-live="polite">${count}</span></form>
${matching.length > shown.length && html`<p class="note">The first ${shown.length} of ${matching.length} are shown. Filter and press Enter to search all of them.</p>`}
${routeTable(shown)}
${methodTable(view.methods)}${refusedTable(view)}${shadowedTable(view)}${sourceTable(view.sources)}${upstreamTable(view.upstreams)}`,
  });
}

function schemaText({ digest, since, profile }: RouteTableView): Html {
  if (digest === "" || since === null) return html`no schema yet · profile ${profile}`;
  return html`schema <code>${digest.slice(0, 12)}</code> since ${since.slice(0, 19).replace("T", " ")} UTC · profile ${profile}`;
}

function hasWords(route: RouteView, query: string): boolean {
  const text = [
    route.httpMethod,
    route.template,
    route.rpc,
    route.kind.replace("_", " "),
    route.requestType,
    route.replyType,
    route.body,
    route.responseBody,
    ...route.policy.map((entry) => `${policyText(entry)}\n${entry.origin}`),
    route.origin,
    route.upstreams.join(" "),
  ]
    .join("\n")
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function problemBox(problems: RouteTableView["problems"]): Html | false {
  if (problems.length === 0) return false;
  return html`<div class="box warn"><b>${countOf(problems.length, "problem")}</b><ul>${problems.map(
    ({ place, message }) => html`<li><code>${place}</code> ${message}</li>`,
  )}</ul></div>`;
}

function routeTable(routes: readonly RouteView[]): Html {
  if (routes.length === 0) return html`<p class="box">No route to show.</p>`;
  const head = ["Method", "Template", "RPC", "Request", "Reply", "Body", "Response", "From", "Upstream"];
  // Rows are not indented: with thousands of them the spaces weigh more than the words.
  return html`<table id="routes" class="r c"><thead><tr>${head.map((name) => html`<th><button type="button">${name}</button></th>`)}</tr></thead><tbody>
${routes.map(routeRow)}</tbody></table>`;
}

function routeRow(route: RouteView): Html {
  const method = route.httpMethod === "*" ? "GET" : route.httpMethod;
  const explain = `/debug/explain?method=${encodeURIComponent(method)}&path=${encodeURIComponent(samplePath(route.template))}`;
  return html`<tr><td>${methodHtml(route.httpMethod)}</td><td><a class="t" href="${explain}">${templateHtml(route.template)}</a></td><td>${rpcHtml(route.rpc, route.kind)}${policyHtml(route.policy)}</td><td>${typeHtml(route.requestType, route.rpc)}</td><td>${typeHtml(route.replyType, route.rpc)}</td><td>${route.body}</td><td>${route.responseBody}</td>${originCell(route.origin)}<td>${route.upstreams.join(", ")}</td></tr>
`;
}

/** Below the RPC a line for each choice, with whose word it is as a tooltip. */
function policyHtml(policy: RouteView["policy"]): HtmlPart {
  return policy.map((entry) => {
    const [name = "", ...value] = policyText(entry).split(" ");
    return html`<div title="${entry.origin}">${
      value.length === 0 ? name : html`<s>${name}</s> ${value.join(" ")}`
    }</div>`;
  });
}

function methodTable(methods: readonly MethodView[]): Html | false {
  if (methods.length === 0) return false;
  const shown = methods.slice(0, maxRowCount);
  const more = methods.length - shown.length;
  return html`<h2>Methods <small>with a route or without, by gRPC, gRPC-Web, Connect and WebSocket at the path of this name</small></h2>
${more > 0 && html`<p class="note">${countOf(more, "more method")}: text and JSON have them all.</p>`}
<table id="methods" class="c"><thead><tr>${heads(["Path", "Request", "Reply", "Upstream", "Routes", "Now"])}</tr></thead><tbody>
${shown.map(
  ({ rpc, kind, requestType, replyType, upstreams, routeCount, policy, state }) =>
    html`<tr><td>/${rpcHtml(rpc, kind)}${policyHtml(policy)}</td><td>${typeHtml(requestType, rpc)}</td><td>${typeHtml(replyType, rpc)}</td><td>${upstreams.join(", ")}</td><td>${routeCount}</td><td>${state.map(({ key, value }) => html`<div><s>${key}</s> ${value}</div>`)}</td></tr>\n`,
)}</tbody></table>`;
}

function refusedTable({ refused }: RouteTableView): Html | false {
  if (refused.length === 0) return false;
  return html`<h2>Refused <small>rules that could not become routes; all others serve</small></h2>
<table id="refused" class="r c"><thead><tr>${heads(["Method", "Template", "RPC", "From", "Reason"])}</tr></thead><tbody>
${refused.map(
  (route) =>
    html`<tr><td>${methodHtml(route.httpMethod)}</td><td>${templateHtml(route.template)}</td><td>${nameHtml(route.rpc)}</td>${originCell(route.origin)}<td class="bad">${route.reason}</td></tr>\n`,
)}</tbody></table>`;
}

function shadowedTable({ shadowed }: RouteTableView): Html | false {
  if (shadowed.length === 0) return false;
  return html`<h2>Shadowed <small>routes that never match, because another has their method and template</small></h2>
<table id="shadowed" class="r c"><thead><tr>${heads(["Method", "Template", "RPC", "From", "Served by"])}</tr></thead><tbody>
${shadowed.map(
  (route) =>
    html`<tr><td>${methodHtml(route.httpMethod)}</td><td>${templateHtml(route.template)}</td><td>${nameHtml(route.rpc)}</td>${originCell(route.origin)}<td class="warn">${route.shadowedBy}</td></tr>\n`,
)}</tbody></table>`;
}

const sourceTones = { good: "good", stale: "warn", waiting: "bad" } as const;

function sourceTable(sources: readonly SchemaSourceView[]): Html | false {
  if (sources.length === 0) return false;
  return html`<h2>Schema sources</h2>
<table id="sources"><thead><tr>${heads(["Source", "State", "Digest", "Age", "Files", "Services", "Upstream", "Problems"])}</tr></thead><tbody>
${sources.map(
  (source) =>
    html`<tr><td>${source.name}</td><td class="${sourceTones[source.state]}">${source.state}</td><td><code>${source.digest}</code></td><td title="${source.readAt}">${formatAge(source.ageMs)}</td><td>${source.fileCount}</td><td>${source.serviceCount}</td><td>${source.upstreams.join(", ")}</td><td>${source.problems.map(({ place, message }) => html`<div><code>${place}</code> ${message}</div>`)}</td></tr>\n`,
)}</tbody></table>`;
}

const upstreamTones = {
  idle: "",
  connecting: "warn",
  ready: "good",
  transient_failure: "bad",
  shutdown: "bad",
} as const;

function upstreamTable(upstreams: readonly UpstreamView[]): Html | false {
  if (upstreams.length === 0) return false;
  return html`<h2>Upstreams</h2>
<table id="upstreams"><thead><tr>${heads(["Upstream", "Target", "State", "Last error"])}</tr></thead><tbody>
${upstreams.map(
  ({ name, target, state, lastError }) =>
    html`<tr><td>${name}</td><td><code>${target}</code></td><td class="${upstreamTones[state]}">${state.replace("_", " ")}</td><td>${lastError}</td></tr>\n`,
)}</tbody></table>`;
}

function heads(names: readonly string[]): Html[] {
  return names.map((name) => html`<th><span>${name}</span></th>`);
}
