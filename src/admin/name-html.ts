// How names look on the pages: the part that repeats is dim, variables of a template stand out, methods have a colour.

import type { RouteView } from "../gateway/route-table-view.ts";
import { type Html, type HtmlPart, html } from "./html.ts";
import { kindText, splitPackage } from "./names.ts";

const coloured = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

export function methodHtml(httpMethod: string): Html {
  return html`<b class="m${coloured.has(httpMethod) && ` ${httpMethod}`}">${httpMethod}</b>`;
}

/** Names longer than this may break; a place to break costs an element, so short ones have none. */
const longName = 40;
/** Types stand in narrower columns. */
const longType = 24;

/** `/v1/{name=shelves/*}:cancel`, the variables marked. */
export function templateHtml(template: string): Html {
  const long = template.length > longName;
  return html`${template.split(/(\{[^{}]*\})/).map((part, i) => {
    const text = long ? breakable(part) : part;
    return i % 2 === 0 ? text : html`<i>${text}</i>`;
  })}`;
}

/** After a slash or dot, and where a new word of a CamelCase name begins. */
function breakable(text: string): HtmlPart {
  return text
    .split(/(?<=[/.])|(?<=[a-z0-9])(?=[A-Z])/)
    .map((piece, i) => (i === 0 ? piece : html`<wbr>${piece}`));
}

/** `demo.library.v1.Library/GetBook`, the package dim. */
export function nameHtml(name: string, long = longName): Html {
  const [packageName, rest] = splitPackage(name);
  if (packageName === "") return html`${rest}`;
  if (name.length <= long) return html`<s>${packageName}.</s>${rest}`;
  return html`<s>${breakable(`${packageName}.`)}</s><wbr>${breakable(rest)}`;
}

/** Where a rule was written: the file's own name, the whole as a tooltip. */
export function originCell(origin: string): Html {
  return html`<td title="${origin}">${origin.slice(origin.lastIndexOf("/") + 1).replace(/^annotation in /, "")}</td>`;
}

export function rpcHtml(rpc: string, kind: RouteView["kind"]): Html {
  return html`${nameHtml(rpc)}${kind !== "unary" && html` <small>${kindText(kind)}</small>`}`;
}

/** A type: without its package where that is the service's. */
export function typeHtml(typeName: string, rpc: string): Html {
  const [packageName, name] = splitPackage(typeName);
  return packageName === splitPackage(rpc)[0]
    ? html`${name.length > longType ? breakable(name) : name}`
    : nameHtml(typeName, longType);
}
