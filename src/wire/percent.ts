// Decodes percent triples of a path or a query without ever throwing: a bad triple or bytes that are not UTF-8 make
// the whole text malformed.
// Source: RFC 3986 §2.1; which triples stay is http.proto's rule about `%2F` in multi-segment variables.

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes every triple but those whose byte `keep` claims; a kept triple stays as it was written.
 * @returns the text, or `undefined` for a triple that is not two hex digits or bytes that are not UTF-8
 */
export function decodePercent(text: string, keep?: (byte: number) => boolean): string | undefined {
  let at = text.indexOf("%");
  if (at === -1) return text;
  let decoded = text.slice(0, at);
  while (at !== -1) {
    const run: number[] = [];
    let kept = "";
    while (text.charCodeAt(at) === percentSign) {
      const byte = tripleAt(text, at);
      if (byte === undefined) return undefined;
      at += 3;
      if (keep?.(byte)) {
        kept = text.slice(at - 3, at);
        break;
      }
      run.push(byte);
    }
    const piece = textOf(run);
    if (piece === undefined) return undefined;
    const next = text.indexOf("%", at);
    decoded += piece + kept + (next === -1 ? text.slice(at) : text.slice(at, next));
    at = next;
  }
  return decoded;
}

/** The byte that the triple at `index` stands for; `undefined` where there is no triple. */
export function tripleAt(text: string, index: number): number | undefined {
  if (text.charCodeAt(index) !== percentSign) return undefined;
  const high = hexDigit(text.charCodeAt(index + 1));
  const low = hexDigit(text.charCodeAt(index + 2));
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

const percentSign = 0x25;

function hexDigit(charCode: number): number | undefined {
  if (charCode >= 0x30 && charCode <= 0x39) return charCode - 0x30;
  const lower = charCode | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}

function textOf(bytes: readonly number[]): string | undefined {
  const [first] = bytes;
  if (first === undefined) return "";
  if (bytes.length === 1) return first < 0x80 ? String.fromCharCode(first) : undefined;
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
