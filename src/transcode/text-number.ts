// Numbers, bools and bytes from the text of a path or a query. Stricter than `Number()`: what is not wholly a number of
// the field's range is not one.
// Source: https://protobuf.dev/programming-guides/json/ (the forms in quotes); RFC 4648 §4, §5.
import type { Dialect } from "./dialect.ts";

/** Longer digits are leading zeros or no 64-bit number. Bounds the work of `BigInt`. */
const maxDigits = 40;
const floatForm = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** JSON numbers are short; a longer one costs time and says no more. */
const maxFloatLength = 400;

function isInteger(text: string): boolean {
  const first = text.charCodeAt(0) === 0x2d ? 1 : 0;
  if (text.length === first || text.length > maxDigits) return false;
  for (let at = first; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** A decimal integer within bounds that a double holds exactly. */
export function parseInteger(text: string, min: number, max: number): number | undefined {
  if (!isInteger(text)) return undefined;
  const value = Number(text);
  // `+ 0` makes -0 a zero.
  return value >= min && value <= max ? value + 0 : undefined;
}

export function parseBigInteger(text: string, min: bigint, max: bigint): bigint | undefined {
  if (!isInteger(text)) return undefined;
  const value = BigInt(text);
  return value >= min && value <= max ? value : undefined;
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
  if (text.length > maxFloatLength || !floatForm.test(text)) return undefined;
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
