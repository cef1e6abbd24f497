// Text of a client inside of our messages: quoted, with control characters escaped, and never long.

/** Enough to recognize a value, too little to fill a log. */
const maxQuoted = 40;

/** `"FULL"`; from 40 characters on the beginning only: `"aaaa…"`. */
export function quoteText(text: string): string {
  return JSON.stringify(shortenText(text));
}

export function shortenText(text: string): string {
  return text.length <= maxQuoted ? text : `${text.slice(0, maxQuoted).toWellFormed()}…`;
}
