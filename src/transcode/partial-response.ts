// The `fields` of a partial response, `a,b(c,d),e/f,*`, as a tree of names.
// Source: https://developers.google.com/workspace/drive/api/guides/performance#partial ("fields parameter syntax"), and
// the dots of a FieldMask, which Google's newer APIs take in the same place.

/** What is selected at one place of a message. */
export interface Selection {
  /** Everything from here on; what is inside then says nothing more. */
  whole: boolean;
  /** By field name, JSON name or map key; `*` selects all. */
  readonly inside: Map<string, Selection>;
}

export type ParsedFields =
  | { readonly kind: "fields"; readonly selection: Selection }
  | { readonly kind: "refusal" /** From 1. */; readonly column: number; readonly reason: string };

/** Bounds of one `fields`: work per reply grows with them. */
export const fieldsLimits = { length: 4_096, nameCount: 256, depth: 32 } as const;

const separators = new Set(",()/.");

/** Total: a selection, or where and why the text is none. An empty text selects everything. */
export function parseFields(text: string): ParsedFields {
  const root = createSelection();
  if (text.trim() === "") {
    root.whole = true;
    return { kind: "fields", selection: root };
  }
  const refuse = (at: number, reason: string): ParsedFields => ({
    kind: "refusal",
    column: at + 1,
    reason,
  });
  if (text.length > fieldsLimits.length)
    return refuse(fieldsLimits.length, `longer than ${fieldsLimits.length} characters`);

  /** Where the items of each open parenthesis begin. */
  const open: { readonly selection: Selection; readonly depth: number; readonly at: number }[] = [];
  let base = { selection: root, depth: 0 };
  let place = base;
  let nameCount = 0;
  let at = 0;
  for (;;) {
    while (text[at] === " ") at += 1;
    const start = at;
    while (at < text.length && !separators.has(text[at] as string)) at += 1;
    const name = text.slice(start, at).trim();
    if (name === "") {
      const got = text[start];
      return refuse(start, got === undefined ? "expected a field name" : `unexpected ${JSON.stringify(got)}`);
    }
    nameCount += 1;
    if (nameCount > fieldsLimits.nameCount)
      return refuse(start, `more than ${fieldsLimits.nameCount} field names`);
    if (place.depth === fieldsLimits.depth) return refuse(start, `nested deeper than ${fieldsLimits.depth}`);
    place = { selection: insideOf(place.selection, name), depth: place.depth + 1 };

    const after = text[at];
    if (after === "/" || after === ".") {
      at += 1;
      continue;
    }
    if (after === "(") {
      open.push({ ...base, at });
      base = place;
      at += 1;
      continue;
    }
    place.selection.whole = true;
    // What closes may be followed by what closes more.
    while (text[at] === ")") {
      const outer = open.pop();
      if (outer === undefined) return refuse(at, 'unexpected ")"');
      base = outer;
      at += 1;
      while (text[at] === " ") at += 1;
    }
    if (at >= text.length) {
      const unclosed = open.at(-1);
      if (unclosed !== undefined) return refuse(unclosed.at, 'a "(" without its ")"');
      return { kind: "fields", selection: root };
    }
    if (text[at] !== ",") return refuse(at, `unexpected ${JSON.stringify(text[at])}`);
    at += 1;
    place = base;
  }
}

function createSelection(): Selection {
  return { whole: false, inside: new Map() };
}

function insideOf(selection: Selection, name: string): Selection {
  let next = selection.inside.get(name);
  if (next === undefined) {
    next = createSelection();
    selection.inside.set(name, next);
  }
  return next;
}
