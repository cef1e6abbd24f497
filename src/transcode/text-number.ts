// Numbers, bools and bytes from the text of a path or a query. Stricter than `Number()`: what is not wholly a number of
// the field's range is not one.
// Source: https://protobuf.dev/programming-guides/json/ (the forms in quotes); RFC 4648 §4, §5.
import { integer, parseInteger as readInteger } from "../codec/json-number.ts";
import type { Dialect } from "./dialect.ts";

const floatForm = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** JSON numbers are short; a longer one costs time and says no more. */
const maxLength = 400;

/** Whether a text is digits, of which leading zeros may be some, after a minus or not. */
function isDigits(text: string): boolean {
  const first = text.charCodeAt(0) === 0x2d ? 1 : 0;
  if (text.length === first || text.length > maxLength) return false;
  for (let at = first; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** An integer within bounds that a double holds exactly, in digits or as JSON spells it: `12`, `1.2e1`. */
export function parseInteger(text: string, min: number, max: number): number | undefined {
  const value = isDigits(text) ? Number(text) : Number(parseJsonInteger(text) ?? Number.NaN);
  // `+ 0` makes -0 a zero.
  return value >= min && value <= max ? value + 0 : undefined;
}

/** Up to 15 digits, which a double holds exactly; undefined for all else. */
export function parseSmallNatural(text: string): number | undefined {
  const { length } = text;
  if (length === 0 || length > 15) return undefined;
  let value = 0;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** An integer of 64 bits, in digits or as JSON spells it. */
export function parseBigInteger(text: string, min: bigint, max: bigint): bigint | undefined {
  const value = isDigits(text) ? BigInt(text) : parseJsonInteger(text);
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** ProtoJSON takes `1e3` and `1000.0` for integers, in quotes too, where they are exact. */
function parseJsonInteger(text: string): bigint | undefined {
  if (text.length > maxLength || !floatForm.test(text)) return undefined;
  const bytes = Buffer.from(text);
  if (readInteger(bytes, 0, bytes.length) !== bytes.length) return undefined;
  const magnitude = (BigInt(integer.hi >>> 0) << 32n) | BigInt(integer.lo >>> 0);
  return integer.negative ? -magnitude : magnitude;
}

/** JSON's number grammar, NaN, Infinity and -Infinity; a number beyond the type's range is none. */
export function parseFloatText(text: string, single: boolean): number | undefined {
  switch (text) {
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Number.POSITIVE_INFINITY;
    case "-Infinity":
      return Number.NEGATIVE_INFINITY;
  }
  if (text.length > maxLength || !floatForm.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(single ? Math.fround(value) : value) ? value : undefined;
}

const boolForms: Readonly<Record<Dialect["boolForms"], ReadonlyMap<string, boolean>>> = {
  json: new Map([
    ["true", true],
    ["false", false],
  ]),
  python: new Map([
    ["true", true],
    ["True", true],
    ["false", false],
    ["False", false],
  ]),
  go: new Map([
    ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
    ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
  ]),
};

export function parseBool(text: string, forms: Dialect["boolForms"]): boolean | undefined {
  return boolForms[forms].get(text);
}

/** Base64 in the standard or the URL alphabet, padded or not; undefined for anything else. */
export function parseBase64(text: string): Uint8Array | undefined {
  let end = text.length;
  if (end % 4 === 0) while (end > text.length - 2 && text.charCodeAt(end - 1) === 0x3d) end -= 1;
  if (end % 4 === 1) return undefined;
  for (let at = 0; at < end; at++) if (!isBase64(text.charCodeAt(at))) return undefined;
  return Buffer.from(text, "base64");
}

function isBase64(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b || // +
    code === 0x2f || // /
    code === 0x2d || // -
    code === 0x5f // _
  );
}
