// How names look on the pages: the part that repeats is dim, variables of a template stand out, methods have a colour.

import type { RouteView } from "../gateway/route-table-view.ts";
import { type Html, html } from "./html.ts";
import { kindText, splitPackage } from "./names.ts";

const coloured = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

export function methodHtml(httpMethod: string): Html {
  return html`<b class="m${coloured.has(httpMethod) && ` ${httpMethod}`}">${httpMethod}</b>`;
}

/** `/v1/{name=shelves/*}:cancel`, the variables marked. */
export function templateHtml(template: string): Html {
  return html`${template.split(/(\{[^{}]*\})/).map((part, i) => (i % 2 === 0 ? part : html`<i>${part}</i>`))}`;
}

/** `demo.library.v1.Library/GetBook`, the package dim. */
export function nameHtml(name: string): Html {
  const [packageName, rest] = splitPackage(name);
  return packageName === "" ? html`${rest}` : html`<s>${packageName}.</s>${rest}`;
}

export function rpcHtml(rpc: string, kind: RouteView["kind"]): Html {
  return html`${nameHtml(rpc)}${kind !== "unary" && html` <small>${kindText(kind)}</small>`}`;
}

/** A type: without its package where that is the service's. */
export function typeHtml(typeName: string, rpc: string): Html {
  const [packageName, name] = splitPackage(typeName);
  return packageName === splitPackage(rpc)[0] ? html`${name}` : nameHtml(typeName);
}
