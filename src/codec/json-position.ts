// Says where in a JSON text an offset lies: the path by the spelling used in the text, line and column. Computed only
// when an error is written, so that reading JSON keeps no path.
import { isAscii } from "node:buffer";

export interface JsonPosition {
  /** `books[3].author.birth_year`; keys that are no identifiers in brackets: `labels["a b"]`. Empty at the root. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

interface Container {
  /** The key that is being read, `undefined` before the first; an index in an array. */
  key: string | number | undefined;
  /** Whether the next string of an object is a key. */
  expectsKey: boolean;
}

/** A longer path keeps its end: what is wrong is there. */
const longestPath = 240;
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where `offset` lies. The text before it must be well-formed as far as it goes. */
export function jsonPosition(json: Uint8Array, offset: number): JsonPosition {
  return { path: pathAt(json, offset), ...placeAt(json, offset) };
}

function placeAt(json: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1;
  let column = 1;
  for (let i = 0; i < offset && i < json.length; i++) {
    const byte = json[i] as number;
    if (byte === 0x0a) {
      line++;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) column++;
  }
  return { line, column };
}

function pathAt(json: Uint8Array, offset: number): string {
  const open: Container[] = [];
  let i = 0;
  while (i < offset && i < json.length) {
    const top = open[open.length - 1];
    switch (json[i]) {
      case 0x22: {
        const end = stringEnd(json, i);
        // An offset inside a key or value (a bad escape) belongs to what the string belongs to.
        if (top?.expectsKey) {
          top.key = keyText(json, i, end);
          top.expectsKey = false;
        }
        i = end;
        continue;
      }
      case 0x7b: // {
        open.push({ key: undefined, expectsKey: true });
        break;
      case 0x5b: // [
        open.push({ key: 0, expectsKey: false });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case 0x2c: // ,
        if (typeof top?.key === "number") top.key++;
        else if (top !== undefined) {
          top.key = undefined;
          top.expectsKey = true;
        }
        break;
    }
    i++;
  }
  const top = open[open.length - 1];
  // The offset of a key that is refused: the path names it.
  if (top?.expectsKey && json[offset] === 0x22) top.key = keyText(json, offset, stringEnd(json, offset));
  return formatPath(open);
}

/** The offset after the closing quote of the string that starts at `start`, or the end of the text. */
function stringEnd(json: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== 0x22) i += json[i] === 0x5c ? 2 : 1;
  return Math.min(i + 1, json.length);
}

function keyText(json: Uint8Array, start: number, end: number): string {
  const raw = textDecoder.decode(json.subarray(start, end));
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw.slice(1);
  }
}

function formatPath(open: readonly Container[]): string {
  let path = "";
  for (const { key } of open) {
    if (key === undefined) continue;
    if (typeof key === "number") path += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) path += path === "" ? key : `.${key}`;
    else path += key.startsWith("[") ? key : `[${JSON.stringify(key)}]`;
  }
  return path.length > longestPath ? `…${path.slice(-longestPath)}` : path;
}

/** The value that starts at `offset`, shortened for an error text. */
export function describeJson(json: Uint8Array, offset: number): string {
  const byte = json[offset];
  if (byte === undefined) return "end of input";
  if (byte === 0x7b) return "an object";
  if (byte === 0x5b) return "an array";
  const end = byte === 0x22 ? stringEnd(json, offset) : tokenEnd(json, offset);
  const shown = json.subarray(offset, Math.min(end, offset + 160));
  const text = isAscii(shown) ? String.fromCharCode(...shown) : textDecoder.decode(shown);
  const short = text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text;
  // A control character must not reach a log or a terminal as it is.
  return short.replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function tokenEnd(json: Uint8Array, start: number): number {
  let i = start + 1;
  const end = Math.min(json.length, start + 160);
  while (i < end && !/[\s,:{}[\]"]/.test(String.fromCharCode(json[i] as number))) i++;
  return i;
}
