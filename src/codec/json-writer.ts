// Writes compact JSON text as UTF-8 into one growing buffer. Strings are copied from protobuf's UTF-8 with escapes put
// in, so that text becomes a JavaScript string at most once, at the end.
// Source: RFC 8259; ProtoJSON for NaN and the infinities.
import { isUtf8 } from "node:buffer";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { copyBytes } from "../wire/protobuf-writer.ts";
import { base64EncodedLength, encodeBase64 } from "./base64.ts";
import { digitCount, divideBy1e9 } from "./json-digits.ts";
import { formatFloat } from "./json-float.ts";

/** A buffer larger than this is not kept by `reset`: one large message should not hold memory for good. */
const keptBytes = 1 << 20;

/** 0: as it is; 1: `\u00XX`; otherwise the character after the backslash. Bytes above 0x7f are as they are. */
const escapeOf = new Uint8Array(256);
escapeOf.fill(1, 0, 0x20);
for (const [byte, char] of [
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
] as const) {
  escapeOf[byte] = char.charCodeAt(0);
}
const hexDigits = "0123456789abcdef";

/**
 * More JSON than this is refused. Printing can make much of little: a byte of a packed enum becomes a name, an empty message
 * under `emitDefaults` all its fields. A string of V8 holds twice as much.
 */
const defaultMaxBytes = 1 << 28;

export class JsonWriter {
  bytes = new Uint8Array(1024);
  pos = 0;
  readonly #maxBytes: number;
  /** Whether only ASCII was written, which is cheaper to make a string of. */
  #ascii = true;

  constructor(maxBytes: number = defaultMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  reset(): void {
    this.pos = 0;
    this.#ascii = true;
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(1024);
  }

  /** What was written, as a string. */
  finish(): string {
    const { bytes, pos } = this;
    return this.#ascii
      ? Buffer.prototype.latin1Slice.call(bytes, 0, pos)
      : Buffer.prototype.utf8Slice.call(bytes, 0, pos);
  }

  /** What was written, as a copy in UTF-8. */
  finishBytes(): Uint8Array {
    return copyBytes(this.bytes, this.pos);
  }

  /**
   * Makes room for `count` more bytes.
   * @throws RpcError RESOURCE_EXHAUSTED beyond the limit
   */
  reserve(count: number): void {
    const needed = this.pos + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.#maxBytes) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `message is larger than ${this.#maxBytes} bytes as JSON`);
    }
    const grown = new Uint8Array(Math.max(needed, Math.min(this.bytes.length * 2, this.#maxBytes)));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
  }

  byte(byte: number): void {
    if (this.pos === this.bytes.length) this.reserve(1);
    this.bytes[this.pos++] = byte;
  }

  /** Bytes of JSON text as they are, such as names of fields and enums. */
  name(text: Uint8Array): void {
    const length = text.length;
    this.reserve(length);
    const { bytes, pos } = this;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const byte = text[i] as number;
      bits |= byte;
      bytes[pos + i] = byte;
    }
    if (bits > 0x7f) this.#ascii = false;
    this.pos = pos + length;
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    const length = text.length;
    this.reserve(length);
    const { bytes, pos } = this;
    for (let i = 0; i < length; i++) bytes[pos + i] = text.charCodeAt(i);
    this.pos = pos + length;
  }

  /** ASCII text in quotes; nothing in it needs an escape. */
  quoted(text: string): void {
    this.byte(0x22);
    this.ascii(text);
    this.byte(0x22);
  }

  /**
   * Closes an object or array whose elements were each written with a comma before them: the comma at `start` becomes the
   * opening bracket.
   */
  close(start: number, opening: number): void {
    if (this.pos === start) this.byte(opening);
    else this.bytes[start] = opening;
    this.byte(opening + 2);
  }

  /** A string in quotes from UTF-8 bytes; false where they are not UTF-8. */
  string(source: Uint8Array, start: number, end: number): boolean {
    this.reserve(end - start + 2);
    const bytes = this.bytes;
    let pos = this.pos;
    let bits = 0;
    bytes[pos++] = 0x22;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      if (escapeOf[byte] !== 0) {
        this.pos = pos;
        return this.#stringFrom(source, start, i, end);
      }
      bits |= byte;
      bytes[pos++] = byte;
    }
    bytes[pos++] = 0x22;
    this.pos = pos;
    return bits < 0x80 || this.#checkUtf8(source, start, end);
  }

  /** The rest of a string, from the first byte that needs an escape. */
  #stringFrom(source: Uint8Array, start: number, from: number, end: number): boolean {
    let bits = 0;
    for (let i = start; i < from; i++) bits |= source[i] as number;
    let i = from;
    while (i < end) {
      // Room for a run of 64 escapes at a time, so that a long text does not reserve six times its size.
      const stop = Math.min(end, i + 64);
      this.reserve((stop - i) * 6 + 1);
      const bytes = this.bytes;
      let pos = this.pos;
      for (; i < stop; i++) {
        const byte = source[i] as number;
        const char = escapeOf[byte] as number;
        bits |= byte;
        if (char === 0) {
          bytes[pos++] = byte;
          continue;
        }
        bytes[pos++] = 0x5c;
        if (char !== 1) {
          bytes[pos++] = char;
          continue;
        }
        bytes[pos++] = 0x75;
        bytes[pos++] = 0x30;
        bytes[pos++] = 0x30;
        bytes[pos++] = hexDigits.charCodeAt(byte >> 4);
        bytes[pos++] = hexDigits.charCodeAt(byte & 15);
      }
      this.pos = pos;
    }
    this.byte(0x22);
    return bits < 0x80 || this.#checkUtf8(source, start, end);
  }

  #checkUtf8(source: Uint8Array, start: number, end: number): boolean {
    this.#ascii = false;
    return isUtf8(source.subarray(start, end));
  }

  /** Bytes as base64 in quotes. */
  base64(source: Uint8Array, start: number, end: number): void {
    const length = base64EncodedLength(end - start);
    this.reserve(length + 2);
    this.bytes[this.pos++] = 0x22;
    encodeBase64(source, start, end, this.bytes, this.pos);
    this.pos += length;
    this.bytes[this.pos++] = 0x22;
  }

  int32(value: number): void {
    if (value < 0) {
      this.byte(0x2d);
      this.uint32(-value);
    } else this.uint32(value);
  }

  /** A whole number from 0 to 2^32. */
  uint32(value: number): void {
    this.reserve(10);
    let pos = this.pos + digitCount(value);
    this.pos = pos;
    const bytes = this.bytes;
    let rest = value;
    do {
      const quotient = Math.floor(rest / 10);
      bytes[--pos] = 0x30 + (rest - quotient * 10);
      rest = quotient;
    } while (rest > 0);
  }

  /** The digits of a 64-bit value, by long division of 16-bit limbs: no BigInt, whatever the size. */
  uint64(lo: number, hi: number): void {
    if (hi === 0) {
      this.uint32(lo >>> 0);
      return;
    }
    const top = divideBy1e9(lo, hi);
    const low = top.remainder;
    const middle = divideBy1e9(top.lo, top.hi);
    if (middle.lo !== 0) {
      this.uint32(middle.lo);
      this.#nineDigits(middle.remainder);
    } else this.uint32(middle.remainder);
    this.#nineDigits(low);
  }

  /** The digits of a two's complement of 64 bits. */
  int64(lo: number, hi: number): void {
    if (hi >= 0) {
      this.uint64(lo, hi);
      return;
    }
    this.byte(0x2d);
    this.uint64(-lo | 0, lo === 0 ? -hi | 0 : ~hi);
  }

  #nineDigits(value: number): void {
    this.reserve(9);
    let rest = value;
    for (let i = this.pos + 8; i >= this.pos; i--) {
      const quotient = Math.floor(rest / 10);
      this.bytes[i] = 0x30 + (rest - quotient * 10);
      rest = quotient;
    }
    this.pos += 9;
  }

  /** A double, or one of the three words in quotes. */
  double(value: number): void {
    if (value >= 0 && value <= 0xffffffff && Math.floor(value) === value && !Object.is(value, -0)) {
      this.uint32(value);
    } else if (Number.isFinite(value)) this.ascii(Object.is(value, -0) ? "-0" : String(value));
    else this.quoted(String(value));
  }

  /** A float with as few digits as give the same float again. */
  float(value: number): void {
    if (Number.isFinite(value) && !Number.isInteger(value)) this.ascii(formatFloat(value));
    else this.double(value);
  }
}
