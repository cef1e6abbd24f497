// /debug/explain for a browser: the answer, and a form for the next question.
import type { Explanation } from "../gateway/explanation.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { bodyText, outcomeText } from "./explanation-text.ts";
import { type Html, html } from "./html.ts";
import { methodHtml, nameHtml, rpcHtml, templateHtml } from "./name-html.ts";
import { formatPage } from "./page.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

export interface ExplanationPageParts {
  readonly httpMethod: string;
  readonly target: string;
  /** Absent before the first question. */
  readonly answer?: Explanation | RpcError;
}

export function formatExplanationPage({ httpMethod, target, answer }: ExplanationPageParts): string {
  const known = methods.includes(httpMethod) ? methods : [...methods, httpMethod];
  const json = `/debug/explain?method=${encodeURIComponent(httpMethod)}&path=${encodeURIComponent(target)}&format=`;
  return formatPage({
    title: "Explain",
    path: "/debug/explain",
    aside: html``,
    main: html`<h1>Explain a request</h1>
<p class="meta">What the gateway would do with it, and why. Nothing is sent.${
      answer !== undefined &&
      html` Also as <a href="${json}json">JSON</a> and <a href="${json}text">text</a>.`
    }</p>
<form class="bar" action="/debug/explain"><select name="method" aria-label="HTTP method">${known.map(
      (name) => html`<option${name === httpMethod && html` selected`}>${name}</option>`,
    )}</select><input name="path" value="${target}" placeholder="/v1/shelves/1/books/2?view=FULL" aria-label="Path and query" required autocomplete="off" spellcheck="false" autocapitalize="off"><button class="go">Explain</button></form>
${answer !== undefined && answerHtml(answer)}`,
  });
}

function answerHtml(answer: Explanation | RpcError): Html {
  if (answer instanceof Error) return html`<p class="box bad">${answer.rawMessage}</p>`;
  const { error, summary, allow } = answer;
  const tone = error === null ? "good" : "bad";
  return html`<div class="box ${tone}">${
    error === null ? html`<b>${summary}</b>` : html`<b>${error.httpStatus} ${error.code}</b> ${error.message}`
  }${allow.length > 0 && html`<div>Allowed here: ${allow.join(", ")}</div>`}</div>
${routeHtml(answer)}${bindingsHtml(answer)}${backendHtml(answer)}${trialsHtml(answer)}`;
}

function routeHtml({ route }: Explanation): Html | false {
  if (route === null) return false;
  const row = (name: string, value: Html | string): Html => html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<h2>Route</h2><div class="box"><dl>${[
    row("Route", html`${methodHtml(route.httpMethod)} <code>${templateHtml(route.template)}</code>`),
    row("RPC", rpcHtml(route.rpc, route.kind)),
    row("Request", nameHtml(route.requestType)),
    row("Reply", nameHtml(route.replyType)),
    row("Body", bodyText(route.body)),
    route.responseBody !== "" && row("Response body", route.responseBody),
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
