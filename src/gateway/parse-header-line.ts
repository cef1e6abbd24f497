// A header as people write it down for `explain`: `name: value`, as curl takes it.

/** Name in lower case and value; undefined where it is no header. */
export function parseHeaderLine(line: string): readonly [name: string, value: string] | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no header may have
  const match = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line);
  return match === null ? undefined : [(match[1] ?? "").toLowerCase(), (match[2] ?? "").trimEnd()];
}
