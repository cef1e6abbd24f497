// Base64 between bytes and ASCII bytes. Reading takes the standard and the URL-safe alphabet, padded or not; writing is
// standard and padded. Source: RFC 4648; ProtoJSON, "bytes".

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const charOf = new Uint8Array(64);
/** 64 and more: not in the alphabet. */
const digitOf = new Uint8Array(256).fill(255);
for (let i = 0; i < 64; i++) {
  charOf[i] = alphabet.charCodeAt(i);
  digitOf[alphabet.charCodeAt(i)] = i;
}
digitOf[0x2d] = 62; // -
digitOf[0x5f] = 63; // _

/** Number of bytes that `text[start..end)` stands for, by its length and padding alone; -1 where no base64 is so long. */
export function base64DecodedLength(text: Uint8Array, start: number, end: number): number {
  let length = end - start;
  if (length >= 2 && length % 4 === 0 && text[end - 1] === 0x3d) length -= text[end - 2] === 0x3d ? 2 : 1;
  return length % 4 === 1 ? -1 : Math.floor((length * 3) / 4);
}

/**
 * Decodes `text[start..end)` to `target` at `pos`, where there must be room for `base64DecodedLength` bytes; false where a
 * byte is in neither alphabet.
 */
export function decodeBase64(
  text: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  pos: number,
): boolean {
  const stop = pos + base64DecodedLength(text, start, end);
  let wrong = 0;
  let from = start;
  let to = pos;
  while (stop - to >= 3) {
    const a = digitOf[text[from] as number] as number;
    const b = digitOf[text[from + 1] as number] as number;
    const c = digitOf[text[from + 2] as number] as number;
    const d = digitOf[text[from + 3] as number] as number;
    wrong |= a | b | c | d;
    target[to] = (a << 2) | (b >> 4);
    target[to + 1] = (b << 4) | (c >> 2);
    target[to + 2] = (c << 6) | d;
    from += 4;
    to += 3;
  }
  if (stop - to > 0) {
    const a = digitOf[text[from] as number] as number;
    const b = digitOf[text[from + 1] as number] as number;
    wrong |= a | b;
    target[to] = (a << 2) | (b >> 4);
    if (stop - to > 1) {
      const c = digitOf[text[from + 2] as number] as number;
      wrong |= c;
      target[to + 1] = (b << 4) | (c >> 2);
    }
  }
  return wrong < 64;
}

/** Number of characters that `length` bytes take. */
export function base64EncodedLength(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** Encodes `bytes[start..end)` to `target` at `pos`, where there must be room for `base64EncodedLength` characters. */
export function encodeBase64(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  pos: number,
): void {
  let from = start;
  let to = pos;
  for (; end - from >= 3; from += 3) {
    const group =
      ((bytes[from] as number) << 16) | ((bytes[from + 1] as number) << 8) | (bytes[from + 2] as number);
    target[to++] = charOf[group >> 18] as number;
    target[to++] = charOf[(group >> 12) & 63] as number;
    target[to++] = charOf[(group >> 6) & 63] as number;
    target[to++] = charOf[group & 63] as number;
  }
  const left = end - from;
  if (left === 0) return;
  const group = ((bytes[from] as number) << 16) | (left === 2 ? (bytes[from + 1] as number) << 8 : 0);
  target[to++] = charOf[group >> 18] as number;
  target[to++] = charOf[(group >> 12) & 63] as number;
  target[to++] = left === 2 ? (charOf[(group >> 6) & 63] as number) : 0x3d;
  target[to] = 0x3d;
}
