// The escapes of JSON strings, read. Source: RFC 8259 section 7; an escaped surrogate must be one of a pair, because
// protobuf strings are UTF-8 and UTF-8 has no surrogates.

/** What follows the backslash → the byte it stands for; 0 for what is no escape of one character. */
const simpleEscapes = new Uint8Array(256);
for (const [char, byte] of [
  ['"', 0x22],
  ["\\", 0x5c],
  ["/", 0x2f],
  ["b", 0x08],
  ["f", 0x0c],
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
] as const) {
  simpleEscapes[char.charCodeAt(0)] = byte;
}

/** How long the text is that `unescapeJson` wrote last. Shared; read it before the next call. */
export const unescaped = { length: 0 };

/**
 * Writes the content of a string that starts at `start`, after its opening quote, unescaped into `target`, which must be as
 * long as the rest of the text. Returns the offset of the closing quote, or minus the offset of what should not be there: a
 * backslash that starts no escape, a control character, or the end of the text.
 */
export function unescapeJson(json: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let written = 0;
  let pos = start;
  while (pos < end) {
    const byte = json[pos] as number;
    if (byte !== 0x5c) {
      if (byte === 0x22) {
        unescaped.length = written;
        return pos;
      }
      if (byte < 0x20) return -pos;
      target[written++] = byte;
      pos++;
      continue;
    }
    const simple = pos + 1 < end ? (simpleEscapes[json[pos + 1] as number] as number) : 0;
    if (simple !== 0) {
      target[written++] = simple;
      pos += 2;
      continue;
    }
    let char = unicodeEscape(json, pos, end);
    let length = 6;
    if (char >= 0xd800 && char < 0xdc00) {
      const low = unicodeEscape(json, pos + 6, end);
      if (low < 0xdc00 || low > 0xdfff) return -pos;
      char = 0x10000 + ((char - 0xd800) << 10) + (low - 0xdc00);
      length = 12;
    } else if (char < 0 || (char >= 0xdc00 && char < 0xe000)) return -pos;
    written = writeUtf8(target, written, char);
    pos += length;
  }
  return -end;
}

/** The code unit of `\uXXXX` at `pos`, -1 where there is none. */
function unicodeEscape(json: Uint8Array, pos: number, end: number): number {
  if (pos + 6 > end || json[pos] !== 0x5c || json[pos + 1] !== 0x75) return -1;
  let unit = 0;
  for (let i = pos + 2; i < pos + 6; i++) {
    const digit = hexDigit(json[i] as number);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function writeUtf8(target: Uint8Array, pos: number, char: number): number {
  if (char < 0x80) {
    target[pos] = char;
    return pos + 1;
  }
  if (char < 0x800) {
    target[pos] = 0xc0 | (char >> 6);
    target[pos + 1] = 0x80 | (char & 0x3f);
    return pos + 2;
  }
  if (char < 0x10000) {
    target[pos] = 0xe0 | (char >> 12);
    target[pos + 1] = 0x80 | ((char >> 6) & 0x3f);
    target[pos + 2] = 0x80 | (char & 0x3f);
    return pos + 3;
  }
  target[pos] = 0xf0 | (char >> 18);
  target[pos + 1] = 0x80 | ((char >> 12) & 0x3f);
  target[pos + 2] = 0x80 | ((char >> 6) & 0x3f);
  target[pos + 3] = 0x80 | (char & 0x3f);
  return pos + 4;
}
