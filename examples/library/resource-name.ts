// Names of shelves and books: `shelves/7`, `shelves/7/books/9`. Whatever else a caller sends is INVALID_ARGUMENT.
import { invalidArgument } from "./status-error.ts";

const shelfPattern = /^shelves\/([A-Za-z0-9-]{1,40})$/;
const bookPattern = /^(shelves\/[A-Za-z0-9-]{1,40})\/books\/([A-Za-z0-9-]{1,40})$/;

/**
 * Checks the name of a shelf and returns it.
 * @throws StatusError INVALID_ARGUMENT naming `field`
 */
export function parseShelfName(name: string, field: string): string {
  if (shelfPattern.test(name)) return name;
  throw invalidArgument({ field, description: `expected shelves/SHELF, got ${quote(name)}` });
}

/**
 * Splits the name of a book into its shelf's name and its id.
 * @throws StatusError INVALID_ARGUMENT naming `field`
 */
export function parseBookName(name: string, field: string): { shelf: string; id: string } {
  const [, shelf, id] = bookPattern.exec(name) ?? [];
  if (shelf !== undefined && id !== undefined) return { shelf, id };
  throw invalidArgument({ field, description: `expected shelves/SHELF/books/BOOK, got ${quote(name)}` });
}

/** An answer repeats no more of a hostile text than helps to find it. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
