// /debug/explain for a browser: the answer, and a form for the next question.
import type { Explanation } from "../gateway/explanation.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { bodyText, outcomeText, splitPolicy, successText } from "./explanation-text.ts";
import { type Html, html } from "./html.ts";
import { methodHtml, nameHtml, rpcHtml, templateHtml } from "./name-html.ts";
import { formatPage } from "./page.ts";
import { type AskedRequest, explainLink } from "./read-explained-request.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

export interface ExplanationPageParts {
  readonly asked: AskedRequest;
  /** Absent before the first question; a text says what is wrong with it. */
  readonly answer?: Explanation | RpcError | string;
}

export function formatExplanationPage({ asked, answer }: ExplanationPageParts): string {
  const forms = html` Also as <a href="${explainLink(asked, "json")}">JSON</a> and <a href="${explainLink(asked, "text")}">text</a>.`;
  return formatPage({
    title: "Explain",
    path: "/debug/explain",
    aside: html``,
    main: html`<h1>Explain a request</h1>
<p class="meta">What the gateway would do with it, and why. Nothing is sent.${answer !== undefined && forms}</p>
${formHtml(asked)}
${answer !== undefined && answerHtml(answer)}`,
  });
}

function formHtml({ httpMethod, target, header, body }: AskedRequest): Html {
  const known = methods.includes(httpMethod) ? methods : [...methods, httpMethod];
  const takesBody = ["POST", "PUT", "PATCH"].includes(httpMethod);
  const open = html` open`;
  return html`<form action="/debug/explain"><div class="bar"><select name="method" aria-label="HTTP method">${known.map(
    (name) => html`<option${name === httpMethod && html` selected`}>${name}</option>`,
  )}</select><input name="path" value="${target}" placeholder="/v1/shelves/1/books/2?view=FULL" aria-label="Path and query" required autocomplete="off" spellcheck="false" autocapitalize="off"><button class="go">Explain</button></div>
<details class="more"${(takesBody || header !== "" || body !== "") && open}><summary>Header and body</summary><div class="pair">
<label>Header<textarea name="header" rows="4" placeholder="${headerHint}" autocomplete="off" spellcheck="false" autocapitalize="off">
${header}</textarea></label>
<label>Body<textarea name="body" rows="4" placeholder="${bodyHint}" autocomplete="off" spellcheck="false" autocapitalize="off">
${body}</textarea></label></div></details></form>`;
}

const headerHint = "x-user-id: ada\ngrpc-timeout: 5S";
const bodyHint = '{"title": "Villette"}';

function answerHtml(answer: Explanation | RpcError | string): Html {
  if (typeof answer === "string") return html`<p class="box bad">${answer}</p>`;
  if (answer instanceof Error) return html`<p class="box bad">${answer.rawMessage}</p>`;
  const { error, summary, allow } = answer;
  const tone = error === null ? "good" : "bad";
  return html`<div class="box ${tone}">${
    error === null ? html`<b>${summary}</b>` : html`<b>${error.httpStatus} ${error.code}</b> ${error.message}`
  }${allow.length > 0 && html`<div>Allowed here: ${allow.join(", ")}</div>`}</div>
${routeHtml(answer)}${bindingsHtml(answer)}${backendHtml(answer)}${policyHtml(answer)}${trialsHtml(answer)}`;
}

function routeHtml({ route, success }: Explanation): Html | false {
  if (route === null) return false;
  const row = (name: string, value: Html | string): Html => html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<h2>Route</h2><div class="box"><dl>${[
    row("Route", html`${methodHtml(route.httpMethod)} <code>${templateHtml(route.template)}</code>`),
    row("RPC", rpcHtml(route.rpc, route.kind)),
    row("Request", nameHtml(route.requestType)),
    row("Reply", nameHtml(route.replyType)),
    row("Body", bodyText(route.body)),
    route.responseBody !== "" && row("Response body", route.responseBody),
    success !== null && row("Success", successText(success)),
    row("From", route.origin),
    row("Upstream", route.upstreams.join(", ")),
  ]}</dl></div>`;
}

const bindingTones = { bound: "good", ignored: "warn", refused: "bad" } as const;

function bindingsHtml({ bindings }: Explanation): Html | false {
  if (bindings.length === 0) return false;
  return html`<h2>Binding</h2>
<table id="bindings" class="r"><thead><tr>${heads(["From", "Key", "Text", "Field", "Type", "Outcome"])}</tr></thead><tbody>${bindings.map(
    (step) =>
      html`<tr><td>${step.from}</td><td><code>${step.key}</code></td><td><code>${step.text}</code></td><td>${step.field}</td><td>${step.type !== undefined && nameHtml(step.type)}</td><td><span class="${bindingTones[step.outcome]}">${step.outcome}</span>${step.reason !== undefined && `: ${step.reason}`}</td></tr>`,
  )}</tbody></table>`;
}

function backendHtml({ backend }: Explanation): Html | false {
  if (backend === null) return false;
  return html`<h2>The backend would receive</h2><div class="box"><dl>
<dt>Path</dt><dd><code>${backend.path}</code></dd>
<dt>Upstream</dt><dd>${backend.upstreams.join(", ")}</dd>
<dt>Message</dt><dd>${nameHtml(backend.messageType)}, ${backend.messageBytes} bytes</dd>
${backend.header.length > 0 && html`<dt>Metadata</dt><dd>${backend.header.map((line) => html`<div><code>${line}</code></div>`)}</dd>`}</dl></div>
<pre>${backend.json}</pre>`;
}

/** What somebody has decided for this method first; the profile's share is for those who ask. */
function policyHtml({ policy }: Explanation): Html | false {
  if (policy.length === 0) return false;
  const { decided, others, profile } = splitPolicy(policy);
  return html`<h2>Policy <small>how this method speaks REST, and whose word that is</small></h2>
${decided.length > 0 && policyTable("policy", decided)}
<details class="more"><summary>${decided.length === 0 ? "All" : others.length} by ${profile}</summary>
${policyTable("profile", others)}</details>`;
}

function policyTable(id: string, entries: Explanation["policy"]): Html {
  return html`<table id="${id}" class="r"><thead><tr>${heads(["Setting", "Value", "From"])}</tr></thead><tbody>${entries.map(
    ({ key, value, origin }) =>
      html`<tr><td><code>${key}</code></td><td><code>${value}</code></td><td>${origin}</td></tr>`,
  )}</tbody></table>`;
}

const trialTones: Readonly<Record<string, string>> = { matched: "good", wrong_method: "warn" };

function trialsHtml({ trials }: Explanation): Html | false {
  if (trials.length === 0) return false;
  return html`<h2>Tried <small>best first</small></h2>
<table id="trials" class="r c"><thead><tr>${heads(["Method", "Template", "RPC", "Outcome", "Why"])}</tr></thead><tbody>${trials.map(
    (trial) =>
      html`<tr><td>${methodHtml(trial.httpMethod)}</td><td>${templateHtml(trial.template)}</td><td>${nameHtml(trial.rpc)}</td><td class="${trialTones[trial.outcome] ?? ""}">${outcomeText(trial.outcome)}</td><td>${trial.reason}</td></tr>`,
  )}</tbody></table>`;
}

function heads(names: readonly string[]): Html[] {
  return names.map((name) => html`<th><span>${name}</span></th>`);
}
