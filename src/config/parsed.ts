// The outcome of reading one value that somebody wrote: the value, or what was expected instead. Never thrown: all
// wrong values are shown together.

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function notParsed(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** What was given, for a message: in backticks, one line, shortened. */
export function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
  return line.length > 80 ? `\`${line.slice(0, 77)}…\`` : `\`${line}\``;
}
