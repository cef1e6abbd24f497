// Path templates: `/v1/{name=shelves/*}:cancel` as segments, variables over ranges of them, and a verb.
// Source: google/api/http.proto, "Path template syntax"; beyond its grammar, literals may follow `**` and `/` alone is
// a template without segments. Parsing is one pass, never throws, and a refusal says at which column it stopped.
import { tripleAt } from "../wire/percent.ts";
import { isUnreserved, normalizeSegment } from "./path-text.ts";

export type Segment =
  /** Normalized, see `normalizeSegment`. */
  | { readonly kind: "literal"; readonly text: string }
  /** `*` */
  | { readonly kind: "one" }
  /** `**` */
  | { readonly kind: "rest" };

export interface TemplateVariable {
  /** `["book", "name"]` */
  readonly fieldPath: readonly string[];
  /** The segments it captures, from `start` up to `end`, never empty. */
  readonly start: number;
  readonly end: number;
  /** Whether it may capture a slash: more than one segment, or `**`. Decides how it is decoded. */
  readonly multiSegment: boolean;
}

export interface Template {
  readonly kind: "template";
  readonly segments: readonly Segment[];
  /** In the order of their segments, which do not overlap. */
  readonly variables: readonly TemplateVariable[];
  /** `cancel` of `:cancel`, normalized; empty where there is none. */
  readonly verb: string;
}

export interface TemplateRefusal {
  readonly kind: "refusal";
  /** Of the offending character, counted from 1; one past the end where the text stops too early. */
  readonly column: number;
  /** `a variable inside a variable` */
  readonly reason: string;
}

/** A route needs no more, and it bounds the depth of the router's trie. */
const maxSegments = 64;
/** A route needs no more. */
const maxLength = 2048;

export function parseTemplate(text: string): Template | TemplateRefusal {
  return new TemplateParser(text).parse();
}

/**
 * What the template matches, without names: `/v1/*:cancel`. Two templates with the same shape match the same paths.
 */
export function templateShape(template: Template): string {
  const path = template.segments.map((segment) => `/${formatSegment(segment)}`).join("");
  return template.verb === "" ? path : `${path}:${template.verb}`;
}

export function formatSegment(segment: Segment): string {
  return segment.kind === "literal" ? segment.text : segment.kind === "one" ? "*" : "**";
}

/**
 * The template as verb and segments: where the last segment has a colon outside of a variable, the verb is the text
 * after its last one, so that `end` is known before the segments are read.
 */
class TemplateParser {
  readonly #text: string;
  /** Where the segments end: at the verb's colon, or at the end of the text. */
  readonly #end: number;
  #at = 0;
  readonly #segments: Segment[] = [];
  readonly #variables: TemplateVariable[] = [];
  #refusal: TemplateRefusal | undefined;

  constructor(text: string) {
    this.#text = text;
    const colon = text.lastIndexOf(":");
    this.#end = colon > Math.max(text.lastIndexOf("/"), text.lastIndexOf("}")) ? colon : text.length;
  }

  parse(): Template | TemplateRefusal {
    if (this.#text.length > maxLength) this.#refuse(`longer than ${maxLength} characters`, maxLength);
    else if (this.#text[0] !== "/") this.#refuse('a template begins with "/"');
    else if (this.#text !== "/") this.#parseSegments() && this.#end < this.#text.length && this.#checkVerb();
    return (
      this.#refusal ?? {
        kind: "template",
        segments: this.#segments,
        variables: this.#variables,
        verb: normalizeSegment(this.#text.slice(this.#end + 1)),
      }
    );
  }

  /** `{ "/" Segment }` up to the end. */
  #parseSegments(): boolean {
    while (this.#at < this.#end) {
      if (this.#peek() !== "/") return this.#refuseUnexpected();
      this.#at += 1;
      if (!(this.#peek() === "{" ? this.#parseVariable() : this.#parseSegment(false))) return false;
    }
    return true;
  }

  /** `"{" FieldPath [ "=" Segments ] "}"` */
  #parseVariable(): boolean {
    const open = this.#at;
    const start = this.#segments.length;
    this.#at += 1;
    const fieldPath = this.#parseFieldPath();
    if (fieldPath === undefined) return false;
    const bound = this.#variables.find((other) => overlaps(other.fieldPath, fieldPath));
    if (bound !== undefined) return this.#refuse(`"${bound.fieldPath.join(".")}" is bound twice`, open + 1);
    if (this.#peek() === "}") {
      if (!this.#push({ kind: "one" }, open)) return false;
    } else if (this.#peek() !== "=") {
      return this.#refuseInVariable(open, "a field name is letters, digits and underscores");
    } else {
      do {
        this.#at += 1;
        if (this.#peek() === "{") return this.#refuse("a variable inside a variable");
        if (!this.#parseSegment(true)) return false;
      } while (this.#peek() === "/");
      if (this.#peek() !== "}") return this.#refuseInVariable(open, undefined);
    }
    this.#at += 1;
    const end = this.#segments.length;
    const multiSegment = end - start > 1 || this.#segments[start]?.kind === "rest";
    this.#variables.push({ fieldPath, start, end, multiSegment });
    return true;
  }

  /** `IDENT { "." IDENT }` */
  #parseFieldPath(): string[] | undefined {
    const names: string[] = [];
    do {
      if (names.length > 0) this.#at += 1;
      const from = this.#at;
      while (isIdentifierPart(this.#code(), this.#at === from)) this.#at += 1;
      if (this.#at === from) {
        this.#refuse("a field name is letters, digits and underscores, not beginning with a digit");
        return undefined;
      }
      names.push(this.#text.slice(from, this.#at));
    } while (this.#peek() === ".");
    return names;
  }

  /** `"*" | "**" | LITERAL` */
  #parseSegment(inVariable: boolean): boolean {
    const from = this.#at;
    if (this.#peek() === "*") {
      this.#at += 1;
      if (this.#peek() !== "*") return this.#push({ kind: "one" }, from);
      this.#at += 1;
      return this.#push({ kind: "rest" }, from);
    }
    if (!this.#skipLiteral(inVariable)) return false;
    if (this.#at > from) {
      const text = normalizeSegment(this.#text.slice(from, this.#at));
      return this.#push({ kind: "literal", text }, from);
    }
    const next = this.#peek();
    if (next === undefined || next === "/" || next === "}") return this.#refuse("an empty segment");
    return this.#refuseUnexpected();
  }

  #skipLiteral(inVariable: boolean, end = this.#end): boolean {
    while (this.#at < end) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x25) {
        if (this.#at + 3 > end || tripleAt(this.#text, this.#at) === undefined)
          return this.#refuse("a malformed percent triple");
        this.#at += 3;
      } else if (code === 0x3a && inVariable) {
        return this.#refuse('a ":" inside a variable');
      } else if (isLiteralPart(code)) {
        this.#at += 1;
      } else {
        break;
      }
    }
    return true;
  }

  #checkVerb(): boolean {
    this.#at = this.#end + 1;
    if (this.#at === this.#text.length) return this.#refuse("an empty verb");
    if (!this.#skipLiteral(false, this.#text.length)) return false;
    return this.#at === this.#text.length || this.#refuseUnexpected();
  }

  #push(segment: Segment, at: number): boolean {
    if (this.#segments.length === maxSegments) return this.#refuse(`more than ${maxSegments} segments`, at);
    if (segment.kind !== "literal" && this.#segments.some((before) => before.kind === "rest"))
      return this.#refuse('after "**" only literals may follow', at);
    this.#segments.push(segment);
    return true;
  }

  #peek(): string | undefined {
    return this.#at < this.#end ? this.#text[this.#at] : undefined;
  }

  #code(): number {
    return this.#at < this.#end ? this.#text.charCodeAt(this.#at) : 0;
  }

  /** Always false, so that a caller can refuse and give up in one word. */
  #refuse(reason: string, at = this.#at): false {
    this.#refusal = { kind: "refusal", column: at + 1, reason };
    return false;
  }

  #refuseInVariable(open: number, reason: string | undefined): false {
    if (this.#at === this.#text.length)
      return this.#refuse(`the variable of column ${open + 1} is not closed`);
    if (this.#text[this.#at] === ":") return this.#refuse('a ":" inside a variable');
    return reason === undefined ? this.#refuseUnexpected() : this.#refuse(reason);
  }

  #refuseUnexpected(): false {
    const got = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    if (got === "{") return this.#refuse("a variable is a whole segment");
    return this.#refuse(`unexpected ${JSON.stringify(got)}`);
  }
}

/** Whether one field path is the other or lies inside of it. */
function overlaps(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.every((name, index) => name === long[index]);
}

function isIdentifierPart(code: number, first: boolean): boolean {
  if (code >= 0x30 && code <= 0x39) return !first;
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

/**
 * RFC 3986's `pchar` without `*`, which is a wildcard here. http.proto wants reserved characters encoded, but paths
 * such as `/@me` and `/$metadata` exist; a colon before the verb's is text.
 */
function isLiteralPart(code: number): boolean {
  return isUnreserved(code) || "!$&'()+,;=@:".includes(String.fromCharCode(code));
}
