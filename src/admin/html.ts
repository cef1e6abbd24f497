// HTML that is escaped unless it says otherwise: a tagged template whose holes take text, numbers, other HTML and lists.
// Source: HTML Standard §13.1.2 (attribute values are always written in double quotes here), §13.3 (escaping).

/** Markup that is safe to put into a page. Only `html` and `trustedHtml` make it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `false`, `null` and `undefined` print nothing, so that `condition && html…` reads well. */
export type HtmlPart = Html | string | number | false | null | undefined | readonly HtmlPart[];

/** Markup from a template literal; what stands in a hole is escaped unless it is markup already. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let text = strings[0] as string;
  for (let i = 0; i < parts.length; i++) text += printPart(parts[i]) + strings[i + 1];
  return new Html(text);
}

/** Takes constant text of ours for markup: a stylesheet, a script. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}

export function escapeHtml(text: string): string {
  return special.test(text) ? text.replace(allSpecial, (character) => entities[character] ?? "") : text;
}

const special = /[&<>"']/;
const allSpecial = /[&<>"']/g;
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function printPart(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  if (part === false || part === null || part === undefined) return "";
  return part.map(printPart).join("");
}
