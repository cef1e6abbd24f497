// Text from outside as it stands in our messages and logs: never long, and nothing in it that cannot be seen.

/** Names and texts from outside, cut where they are long, with characters that cannot be seen made visible. */
export function shorten(text: string, length = 120): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (it) => `\\u{${it.codePointAt(0)?.toString(16)}}`);
}
