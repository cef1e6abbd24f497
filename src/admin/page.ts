// The frame of every admin page and the policy that goes with it: one stylesheet, one script, both by hash, nothing else.
// Source: CSP Level 3 (§6.6.2 hashes), HTML Standard.
import { createHash } from "node:crypto";
import { type Html, html, trustedHtml } from "./html.ts";
import { cardLabels, stylesheet } from "./stylesheet.ts";
import { tableScript } from "./table-script.ts";

const style =
  stylesheet +
  cardLabels("routes", ["", "", "rpc", "request", "reply", "body", "response", "from", "upstream"]) +
  cardLabels("methods", ["", "request", "reply", "upstream", "routes"]) +
  cardLabels("refused", ["", "", "rpc", "from", "reason"]) +
  cardLabels("shadowed", ["", "", "rpc", "from", "served by"]) +
  cardLabels("sources", ["", "state", "digest", "age", "files", "services", "upstream", "problems"]) +
  cardLabels("upstreams", ["", "target", "state", "last error"]) +
  cardLabels("bindings", ["", "key", "text", "field", "type", "outcome"]) +
  cardLabels("policy", ["", "", "from"]) +
  cardLabels("profile", ["", "", "from"]) +
  cardLabels("trials", ["", "", "rpc", "outcome", "why"]);

/** Sent with every answer of the admin application: what it shows is for one reader now, and runs nothing of others. */
export const pageHeader: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    `script-src '${hash(tableScript)}'`,
    "img-src data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface PageParts {
  readonly title: string;
  /** Path of the page, to mark it in the navigation. */
  readonly path: string;
  /** Right of the navigation. */
  readonly aside: Html;
  readonly main: Html;
}

const places = [
  ["/debug/routes", "Routes"],
  ["/debug/explain", "Explain"],
] as const;

export function formatPage({ title, path, aside, main }: PageParts): string {
  const current = trustedHtml(' aria-current="page"');
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · protogate</title><link rel="icon" href="data:,"><style>${trustedHtml(style)}</style></head>
<body><header><b>protogate</b><nav>${places.map(
    ([place, name]) => html`<a href="${place}"${place === path && current}>${name}</a>`,
  )}</nav>${aside}</header>
<main>${main}</main>
<script>${trustedHtml(tableScript)}</script></body></html>
`.text;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
